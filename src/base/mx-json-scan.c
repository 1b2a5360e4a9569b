/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-json-scan.h"

#include <math.h>
#include <string.h>

/* Strings are most of a Matrix answer, so they are searched eight bytes at a time. In the masks
 * below the lowest lane that is set is exact; lanes above it may be set wrongly by the borrow, and
 * nobody looks at them. */
#define ONES G_GUINT64_CONSTANT(0x0101010101010101)
#define HIGHS G_GUINT64_CONSTANT(0x8080808080808080)

/* No sender has a reason for longer numbers, and strtod() must not be fed megabytes. */
#define MAX_NUMBER_LEN 1024
#define MAX_SAFE_INTEGER G_GINT64_CONSTANT(9007199254740991)

static inline guint64 load_word(const char *at)
{
    guint64 word;
    memcpy(&word, at, sizeof word);
    return GUINT64_FROM_LE(word);
}

static inline guint64 lanes_equal(guint64 word, guint8 byte)
{
    guint64 difference = word ^ (ONES * byte);
    return (difference - ONES) & ~difference & HIGHS;
}

static inline const char *find_quote_or_backslash(const char *at, const char *end)
{
    while (end - at >= 8) {
        guint64 word = load_word(at);
        guint64 found = lanes_equal(word, '"') | lanes_equal(word, '\\');
        if (found != 0)
            return at + __builtin_ctzll(found) / 8;
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* The first byte that is not plain text: quote, backslash, control character, or the start of a
 * UTF-8 sequence. */
static inline const char *find_string_special(const char *at, const char *end)
{
    while (end - at >= 8) {
        guint64 word = load_word(at);
        guint64 controls = (word - ONES * 0x20) & ~word & HIGHS;
        guint64 found =
            lanes_equal(word, '"') | lanes_equal(word, '\\') | controls | (word & HIGHS);
        if (found != 0)
            return at + __builtin_ctzll(found) / 8;
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (guint8)*at >= 0x20 && (guint8)*at < 0x80)
        at++;
    return at;
}

static inline gboolean is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static inline const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

/* ---- validation ---- */

/* One bit for each open container: set for an object. A stack of bits instead of recursion, so that
 * depth costs an eighth of a byte for each byte of text. */
typedef struct {
    const char *at, *end;
    gsize depth, capacity; /* in bits */
    guint8 *bits;
    guint8 first_bits[64];
} Validator;

typedef enum {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_CLOSE,
    EXPECT_KEY,
    EXPECT_KEY_OR_CLOSE,
    EXPECT_COMMA_OR_CLOSE,
    EXPECT_END,
} Expect;

static void push_container(Validator *self, gboolean is_object)
{
    if (self->depth == self->capacity) {
        gsize old_bytes = self->capacity / 8;
        guint8 *bits = g_malloc(old_bytes * 2);
        memcpy(bits, self->bits, old_bytes);
        if (self->bits != self->first_bits)
            g_free(self->bits);
        self->bits = bits;
        self->capacity *= 2;
    }
    guint8 mask = (guint8)(1u << (self->depth % 8));
    if (is_object)
        self->bits[self->depth / 8] |= mask;
    else
        self->bits[self->depth / 8] &= (guint8)~mask;
    self->depth++;
}

static gboolean in_object(const Validator *self)
{
    gsize top = self->depth - 1;
    return self->depth > 0 && (self->bits[top / 8] >> (top % 8) & 1) != 0;
}

static gboolean accept_literal(Validator *self, const char *literal, gsize len)
{
    if ((gsize)(self->end - self->at) < len || memcmp(self->at, literal, len) != 0)
        return FALSE;
    self->at += len;
    return TRUE;
}

static gboolean accept_digits(Validator *self)
{
    const char *start = self->at;
    while (self->at < self->end && g_ascii_isdigit(*self->at))
        self->at++;
    return self->at > start;
}

static gboolean accept_number(Validator *self)
{
    if (*self->at == '-')
        self->at++;
    if (self->at < self->end && *self->at == '0')
        self->at++;
    else if (!accept_digits(self))
        return FALSE;
    if (self->at < self->end && *self->at == '.') {
        self->at++;
        if (!accept_digits(self))
            return FALSE;
    }
    if (self->at < self->end && (*self->at == 'e' || *self->at == 'E')) {
        self->at++;
        if (self->at < self->end && (*self->at == '+' || *self->at == '-'))
            self->at++;
        return accept_digits(self);
    }
    return TRUE;
}

static gboolean accept_escape(Validator *self)
{
    if (self->end - self->at < 2)
        return FALSE;
    char kind = self->at[1];
    self->at += 2;
    if (kind != 'u')
        return kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL;
    if (self->end - self->at < 4)
        return FALSE;
    for (int i = 0; i < 4; i++)
        if (!g_ascii_isxdigit(self->at[i]))
            return FALSE;
    self->at += 4;
    return TRUE;
}

/* One sequence of two to four bytes; overlong forms, surrogates and code points beyond U+10FFFF are
 * refused. */
static gboolean accept_utf8(Validator *self)
{
    const guint8 *byte = (const guint8 *)self->at;
    gsize len = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4 || (gsize)(self->end - self->at) < len)
        return FALSE;
    for (gsize i = 1; i < len; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return FALSE;
    if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
        (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
        return FALSE;
    self->at += len;
    return TRUE;
}

static gboolean accept_string(Validator *self)
{
    if (*self->at != '"')
        return FALSE;
    self->at++;
    for (;;) {
        self->at = find_string_special(self->at, self->end);
        if (self->at == self->end || (guint8)*self->at < 0x20)
            return FALSE;
        if (*self->at == '"') {
            self->at++;
            return TRUE;
        }
        if (!(*self->at == '\\' ? accept_escape(self) : accept_utf8(self)))
            return FALSE;
    }
}

static gboolean accept_scalar(Validator *self)
{
    switch (*self->at) {
    case '"':
        return accept_string(self);
    case 't':
        return accept_literal(self, "true", 4);
    case 'f':
        return accept_literal(self, "false", 5);
    case 'n':
        return accept_literal(self, "null", 4);
    default:
        return accept_number(self);
    }
}

static Expect after_value(const Validator *self)
{
    return self->depth == 0 ? EXPECT_END : EXPECT_COMMA_OR_CLOSE;
}

static gboolean accept_value(Validator *self, Expect *expect)
{
    char byte = *self->at;
    if (byte == '{' || byte == '[') {
        self->at++;
        push_container(self, byte == '{');
        *expect = byte == '{' ? EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
        return TRUE;
    }
    if (!accept_scalar(self))
        return FALSE;
    *expect = after_value(self);
    return TRUE;
}

static gboolean accept_key(Validator *self, Expect *expect)
{
    if (!accept_string(self))
        return FALSE;
    self->at = skip_space(self->at, self->end);
    *expect = EXPECT_VALUE;
    return accept_literal(self, ":", 1);
}

static gboolean accept_close(Validator *self, Expect *expect)
{
    if (*self->at != (in_object(self) ? '}' : ']'))
        return FALSE;
    self->at++;
    self->depth--;
    *expect = after_value(self);
    return TRUE;
}

static gboolean accept_comma(Validator *self, Expect *expect)
{
    self->at++;
    *expect = in_object(self) ? EXPECT_KEY : EXPECT_VALUE;
    return TRUE;
}

static gboolean accept_next(Validator *self, Expect *expect)
{
    char byte = *self->at;
    switch (*expect) {
    case EXPECT_VALUE_OR_CLOSE:
        return byte == ']' ? accept_close(self, expect) : accept_value(self, expect);
    case EXPECT_VALUE:
        return accept_value(self, expect);
    case EXPECT_KEY_OR_CLOSE:
        return byte == '}' ? accept_close(self, expect) : accept_key(self, expect);
    case EXPECT_KEY:
        return accept_key(self, expect);
    case EXPECT_COMMA_OR_CLOSE:
        return byte == ',' ? accept_comma(self, expect) : accept_close(self, expect);
    case EXPECT_END:
    default:
        return FALSE;
    }
}

gboolean mx_json_scan_validate(const char *text, gsize len)
{
    if (text == NULL)
        return FALSE;
    Validator self = {.at = text, .end = text + len};
    self.bits = self.first_bits;
    self.capacity = sizeof self.first_bits * 8;

    Expect expect = EXPECT_VALUE;
    gboolean valid = TRUE;
    self.at = skip_space(self.at, self.end);
    while (valid && self.at < self.end) {
        valid = accept_next(&self, &expect);
        self.at = skip_space(self.at, self.end);
    }
    if (self.bits != self.first_bits)
        g_free(self.bits);
    return valid && expect == EXPECT_END;
}

/* ---- iteration over text that is known to be valid; still never beyond its end ---- */

static inline const char *skip_string(const char *at, const char *end)
{
    at++;
    for (;;) {
        at = find_quote_or_backslash(at, end);
        if (at == end)
            return NULL;
        if (*at == '"')
            return at + 1;
        if (end - at < 2)
            return NULL;
        at += 2;
    }
}

enum { BYTE_QUOTE = 1, BYTE_OPEN, BYTE_CLOSE };
static const guint8 byte_kinds[256] = {
    ['"'] = BYTE_QUOTE, ['{'] = BYTE_OPEN,  ['['] = BYTE_OPEN,
    ['}'] = BYTE_CLOSE, [']'] = BYTE_CLOSE,
};

/* In valid text the kinds of the brackets need no comparing: counting finds the end. */
static const char *skip_container(const char *at, const char *end)
{
    gsize depth = 0;
    while (at < end) {
        switch (byte_kinds[(guint8)*at]) {
        case BYTE_QUOTE:
            at = skip_string(at, end);
            if (at == NULL)
                return NULL;
            break;
        case BYTE_OPEN:
            depth++;
            at++;
            break;
        case BYTE_CLOSE:
            at++;
            if (--depth == 0)
                return at;
            break;
        default:
            at++;
        }
    }
    return NULL;
}

static inline const char *skip_bare(const char *at, const char *end)
{
    while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at))
        at++;
    return at;
}

const char *mx_json_scan_skip(const char *at, const char *end)
{
    if (at == NULL || at >= end)
        return NULL;
    if (*at == '"')
        return skip_string(at, end);
    if (*at == '{' || *at == '[')
        return skip_container(at, end);
    return skip_bare(at, end);
}

static MxJsonType type_of(char byte)
{
    switch (byte) {
    case '{':
        return MX_JSON_OBJECT;
    case '[':
        return MX_JSON_ARRAY;
    case '"':
        return MX_JSON_STRING;
    case 't':
    case 'f':
        return MX_JSON_BOOL;
    case 'n':
        return MX_JSON_NULL;
    default:
        return MX_JSON_NUMBER;
    }
}

static const MxJsonSlice no_slice = {NULL, 0, MX_JSON_NULL};

/* The value at at, and *at moved behind it. */
static inline MxJsonSlice take_value(const char **at, const char *end)
{
    const char *after = mx_json_scan_skip(*at, end);
    if (after == NULL || after == *at)
        return no_slice;
    MxJsonSlice slice = {*at, (gsize)(after - *at), type_of(**at)};
    *at = after;
    return slice;
}

MxJsonSlice mx_json_scan_root(const char *text, gsize len)
{
    if (text == NULL)
        return no_slice;
    const char *at = skip_space(text, text + len);
    return take_value(&at, text + len);
}

gboolean mx_json_iter_init(MxJsonIter *iter, MxJsonSlice container)
{
    *iter = (MxJsonIter){NULL, NULL, FALSE};
    if (container.text == NULL || container.len < 2 ||
        (container.type != MX_JSON_OBJECT && container.type != MX_JSON_ARRAY))
        return FALSE;
    iter->at = container.text + 1;
    iter->end = container.text + container.len - 1;
    iter->in_object = container.type == MX_JSON_OBJECT;
    return TRUE;
}

gboolean mx_json_iter_next(MxJsonIter *iter, MxJsonSlice *key, MxJsonSlice *value)
{
    const char *at = skip_space(iter->at, iter->end);
    if (at < iter->end && *at == ',')
        at = skip_space(at + 1, iter->end);
    MxJsonSlice name = no_slice;
    if (iter->in_object) {
        if (at >= iter->end || *at != '"')
            return FALSE;
        name = take_value(&at, iter->end);
        if (name.text == NULL)
            return FALSE;
        at = skip_space(at, iter->end);
        if (at < iter->end && *at == ':')
            at = skip_space(at + 1, iter->end);
    }
    *value = take_value(&at, iter->end);
    if (key != NULL)
        *key = name;
    iter->at = at;
    return value->text != NULL;
}

/* ---- members ---- */

static inline gboolean key_equals(MxJsonSlice key, gboolean is_escaped, const char *name)
{
    if (is_escaped)
        return mx_json_slice_equals(key, name);
    gsize len = key.len - 2;
    return (len == 0 || key.text[1] == name[0]) && strncmp(key.text + 1, name, len) == 0 &&
           name[len] == '\0';
}

void mx_json_scan_members(MxJsonSlice object, const char *const *names, MxJsonSlice *values)
{
    for (gsize i = 0; names[i] != NULL; i++)
        values[i] = no_slice;
    MxJsonIter iter;
    if (object.type != MX_JSON_OBJECT || !mx_json_iter_init(&iter, object))
        return;
    MxJsonSlice key, value;
    while (mx_json_iter_next(&iter, &key, &value)) {
        gboolean is_escaped = memchr(key.text, '\\', key.len) != NULL;
        for (gsize i = 0; names[i] != NULL; i++) {
            if (key_equals(key, is_escaped, names[i])) {
                values[i] = value;
                break;
            }
        }
    }
}

MxJsonSlice mx_json_scan_member(MxJsonSlice object, const char *name)
{
    const char *const names[] = {name, NULL};
    MxJsonSlice value;
    mx_json_scan_members(object, names, &value);
    return value;
}

/* ---- values ---- */

/* Code unit of "\uXXXX" at at, or -1 when there is none. */
static int read_code_unit(const char *at, const char *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    int unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = g_ascii_xdigit_value(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static const char *decode_unicode(const char *at, const char *end, gunichar *character)
{
    int unit = read_code_unit(at, end);
    *character = 0xfffd;
    if (unit < 0)
        return MIN(at + 2, end);
    if (unit >= 0xd800 && unit <= 0xdbff) {
        int low = read_code_unit(at + 6, end);
        if (low < 0xdc00 || low > 0xdfff)
            return at + 6;
        *character = 0x10000 + ((gunichar)(unit - 0xd800) << 10) + (gunichar)(low - 0xdc00);
        return at + 12;
    }
    if (unit != 0 && (unit < 0xdc00 || unit > 0xdfff))
        *character = (gunichar)unit;
    return at + 6;
}

const char *mx_json_scan_escape(const char *at, const char *end, char out[6], gsize *out_len)
{
    *out_len = 1;
    switch (end - at < 2 ? '\0' : at[1]) {
    case '\0':
        *out_len = 0;
        return end;
    case 'b':
        out[0] = '\b';
        return at + 2;
    case 'f':
        out[0] = '\f';
        return at + 2;
    case 'n':
        out[0] = '\n';
        return at + 2;
    case 'r':
        out[0] = '\r';
        return at + 2;
    case 't':
        out[0] = '\t';
        return at + 2;
    case 'u': {
        gunichar character;
        const char *after = decode_unicode(at, end, &character);
        *out_len = (gsize)g_unichar_to_utf8(character, out);
        return after;
    }
    default:
        out[0] = at[1];
        return at + 2;
    }
}

gboolean mx_json_slice_equals(MxJsonSlice string, const char *text)
{
    if (string.text == NULL || string.type != MX_JSON_STRING || string.len < 2)
        return FALSE;
    const char *at = string.text + 1, *end = string.text + string.len - 1;
    while (at < end) {
        const char *special = find_quote_or_backslash(at, end);
        gsize len = (gsize)(special - at);
        if (strncmp(at, text, len) != 0)
            return FALSE;
        text += len;
        at = special;
        if (at < end) {
            char decoded[6];
            at = mx_json_scan_escape(at, end, decoded, &len);
            if (strncmp(decoded, text, len) != 0)
                return FALSE;
            text += len;
        }
    }
    return *text == '\0';
}

char *mx_json_slice_dup_string(MxJsonSlice slice)
{
    if (slice.text == NULL || slice.type != MX_JSON_STRING || slice.len < 2)
        return NULL;
    /* Decoded text is never longer than its escapes. */
    char *result = g_malloc(slice.len), *out = result;
    const char *at = slice.text + 1, *end = slice.text + slice.len - 1;
    while (at < end) {
        const char *special = find_quote_or_backslash(at, end);
        memcpy(out, at, (gsize)(special - at));
        out += special - at;
        at = special;
        if (at < end) {
            char decoded[6];
            gsize len;
            at = mx_json_scan_escape(at, end, decoded, &len);
            memcpy(out, decoded, len);
            out += len;
        }
    }
    *out = '\0';
    return result;
}

static gboolean get_plain_int(MxJsonSlice slice, gint64 *value)
{
    const char *at = slice.text, *end = slice.text + slice.len;
    gboolean negative = *at == '-';
    if (negative)
        at++;
    if (at == end || end - at > 16)
        return FALSE;
    gint64 sum = 0;
    for (; at < end; at++) {
        if (!g_ascii_isdigit(*at))
            return FALSE;
        sum = sum * 10 + (*at - '0');
    }
    *value = negative ? -sum : sum;
    return sum <= MAX_SAFE_INTEGER;
}

gboolean mx_json_slice_get_int(MxJsonSlice slice, gint64 *value)
{
    if (slice.text == NULL || slice.type != MX_JSON_NUMBER || slice.len == 0 ||
        slice.len > MAX_NUMBER_LEN)
        return FALSE;
    gint64 plain;
    if (get_plain_int(slice, &plain)) {
        *value = plain;
        return TRUE;
    }
    /* "1.0" and "1e3" are integers too. A plain one got here because it is too large, and stays so
     * as a double. */
    char copy[MAX_NUMBER_LEN + 1];
    memcpy(copy, slice.text, slice.len);
    copy[slice.len] = '\0';
    double number = g_ascii_strtod(copy, NULL);
    if (!isfinite(number) || number != trunc(number) || fabs(number) > (double)MAX_SAFE_INTEGER)
        return FALSE;
    *value = (gint64)number;
    return TRUE;
}

gboolean mx_json_slice_get_bool(MxJsonSlice slice, gboolean *value)
{
    if (slice.text == NULL || slice.type != MX_JSON_BOOL)
        return FALSE;
    *value = slice.text[0] == 't';
    return TRUE;
}
