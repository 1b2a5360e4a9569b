/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-json-push.h"

#include <string.h>

#include "mx-error.h"

#define ONES G_GUINT64_CONSTANT(0x0101010101010101)
#define HIGHS G_GUINT64_CONSTANT(0x8080808080808080)

/* What the next byte belongs to. */
typedef enum {
    STATE_ROOT,           /* nothing yet but white space */
    STATE_VALUE,          /* after ':', or after ',' in an array */
    STATE_VALUE_OR_CLOSE, /* after '[' */
    STATE_KEY,            /* after ',' in an object */
    STATE_KEY_OR_CLOSE,   /* after '{' */
    STATE_COLON,
    STATE_COMMA_OR_CLOSE,
    STATE_END, /* the root object is closed */
    STATE_STRING,
    STATE_UTF8,   /* inside a character of several bytes */
    STATE_ESCAPE, /* after '\' */
    STATE_HEX,    /* inside \uXXXX */
    STATE_LITERAL,
    STATE_MINUS, /* numbers; named for what was read last */
    STATE_ZERO,
    STATE_INTEGER,
    STATE_POINT,
    STATE_FRACTION,
    STATE_E,
    STATE_E_SIGN,
    STATE_EXPONENT,
} State;

struct _MxJsonPush {
    State state;
    guint depth, watch, deep;
    gboolean in_object;     /* what the innermost open container is */
    gboolean string_is_key; /* what is being read in STATE_STRING and its kin */

    const MxJsonPushHandler *handler;
    gpointer user_data;

    guint8 *bits; /* in_object of the containers around the innermost one */
    guint bits_size;

    const char *literal; /* what must still come */
    MxJsonType literal_type;
    guint hex_left;
    guint utf8_left;           /* continuation bytes to come */
    guint8 utf8_min, utf8_max; /* of the next one */

    gboolean keeps_key; /* the key being read is to be reported */
    gboolean key_has_escape;
    const char *key_from; /* its first byte in this piece */
    GString *key;         /* its bytes in earlier pieces */
    GString *decoded;

    guint64 offset; /* of this piece in the text */
    const char *problem;
};

static const char *refuse(MxJsonPush *self, const char *problem)
{
    self->problem = problem;
    return NULL;
}

static inline gboolean is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static inline gboolean is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline gboolean is_watched(const MxJsonPush *self)
{
    return self->depth <= self->watch;
}

/* The next significant byte, or end. The first comparison is enough for nearly every byte. */
static inline const char *skip_space(const char *at, const char *end)
{
    while (at < end && (guint8)*at <= ' ' && is_space(*at))
        at++;
    return at;
}

/* ---- keys ---- */

static int hex_value(const char *digits)
{
    int value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 4 | g_ascii_xdigit_value(digits[i]);
    return value;
}

/* at points after "\u" in valid text. Gives what follows the character. */
static const char *decode_unicode_escape(GString *out, const char *at, const char *end)
{
    gunichar c = (gunichar)hex_value(at);
    at += 4;
    if (c >= 0xd800 && c < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        gunichar low = (gunichar)hex_value(at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
        }
    }
    if (c == 0 || (c >= 0xd800 && c < 0xe000))
        c = 0xfffd;
    g_string_append_unichar(out, c);
    return at;
}

static void decode_key(GString *out, const char *at, const char *end)
{
    static const char names[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    while (at < end) {
        const char *escape = memchr(at, '\\', (gsize)(end - at));
        g_string_append_len(out, at, (escape != NULL ? escape : end) - at);
        if (escape == NULL)
            return;
        at = escape + 2;
        const char *name = strchr(names, escape[1]);
        if (escape[1] == 'u')
            at = decode_unicode_escape(out, at, end);
        else
            g_string_append_c(out, name != NULL ? meanings[name - names] : escape[1]);
    }
}

static void begin_key(MxJsonPush *self, const char *at)
{
    self->string_is_key = TRUE;
    self->keeps_key = is_watched(self);
    if (!self->keeps_key)
        return;
    self->key_from = at;
    self->key_has_escape = FALSE;
    g_string_truncate(self->key, 0);
}

/* The rest of an overlong key is counted no further than needed to know that it is one. */
static void keep_key_bytes(MxJsonPush *self, const char *end)
{
    gsize len = (gsize)(end - self->key_from);
    g_string_append_len(self->key, self->key_from,
                        (gssize)MIN(len, MX_JSON_PUSH_MAX_KEY + 1 - self->key->len));
}

static void report_key(MxJsonPush *self, const char *end)
{
    self->keeps_key = FALSE;
    keep_key_bytes(self, end);
    GString *key = self->key;
    if (key->len > MX_JSON_PUSH_MAX_KEY) {
        self->handler->key(NULL, 0, self->user_data);
        return;
    }
    if (self->key_has_escape) {
        g_string_truncate(self->decoded, 0);
        decode_key(self->decoded, key->str, key->str + key->len);
        key = self->decoded;
    }
    self->handler->key(key->str, key->len, self->user_data);
}

/* ---- values ---- */

static inline void begin_value(MxJsonPush *self, MxJsonType type, const char *at)
{
    if (is_watched(self))
        self->handler->value_begin(type, self->depth, at, self->user_data);
}

static inline void end_value(MxJsonPush *self, MxJsonType type, const char *after)
{
    self->state = STATE_COMMA_OR_CLOSE;
    if (is_watched(self))
        self->handler->value_end(type, self->depth, after, self->user_data);
}

/* After end_value(): the comma mostly stands right behind the value, and taking it here saves a
 * turn through the states. */
static inline const char *skip_comma(MxJsonPush *self, const char *at, const char *end)
{
    if (at == end || *at != ',' || self->state != STATE_COMMA_OR_CLOSE)
        return at;
    self->state = self->in_object ? STATE_KEY : STATE_VALUE;
    return at + 1;
}

static gboolean grow_bits(MxJsonPush *self)
{
    if (self->depth >= MX_JSON_PUSH_MAX_DEPTH)
        return FALSE;
    self->bits_size *= 2;
    self->bits = g_realloc(self->bits, self->bits_size);
    return TRUE;
}

static inline const char *open_container(MxJsonPush *self, const char *at, gboolean is_object)
{
    begin_value(self, is_object ? MX_JSON_OBJECT : MX_JSON_ARRAY, at);
    if (self->depth == self->deep)
        self->handler->deep_begin(at, self->user_data);
    guint byte = self->depth / 8;
    if (G_UNLIKELY(byte >= self->bits_size) && !grow_bits(self))
        return refuse(self, "nested too deeply");
    guint8 mask = (guint8)(1u << self->depth % 8);
    self->bits[byte] =
        (guint8)(self->in_object ? self->bits[byte] | mask : self->bits[byte] & ~mask);
    self->depth++;
    self->in_object = is_object;
    self->state = is_object ? STATE_KEY_OR_CLOSE : STATE_VALUE_OR_CLOSE;
    return at + 1;
}

static inline const char *close_container(MxJsonPush *self, const char *at, const char *end)
{
    gboolean was_object = self->in_object;
    if ((*at == '}') != was_object)
        return refuse(self, "closed by the wrong bracket");
    self->depth--;
    self->in_object = self->bits[self->depth / 8] >> self->depth % 8 & 1;
    if (self->depth == self->deep)
        self->handler->deep_end(at + 1, self->user_data);
    end_value(self, was_object ? MX_JSON_OBJECT : MX_JSON_ARRAY, at + 1);
    if (self->depth == 0)
        self->state = STATE_END;
    return skip_comma(self, at + 1, end);
}

/* ---- strings ---- */

/* The first byte that is not plain ASCII text, eight bytes at a time. In found the lowest byte that
 * is set is exact; those above it may be set wrongly by the borrow, and nobody looks at them. */
static inline const char *find_special(const char *at, const char *end)
{
    while (end - at >= 8) {
        guint64 word;
        memcpy(&word, at, sizeof word);
        word = GUINT64_FROM_LE(word);
        guint64 found = (((word ^ ONES * '"') - ONES) | ((word ^ ONES * '\\') - ONES) |
                         (word - ONES * 0x20) | word) &
                        HIGHS;
        if (found != 0)
            return at + __builtin_ctzll(found) / 8;
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (guint8)*at >= 0x20 && (guint8)*at < 0x80)
        at++;
    return at;
}

/* at points at the closing quote. */
static inline const char *end_string(MxJsonPush *self, const char *at, const char *end)
{
    if (!self->string_is_key) {
        end_value(self, MX_JSON_STRING, at + 1);
        return skip_comma(self, at + 1, end);
    }
    if (self->keeps_key)
        report_key(self, at);
    self->state = STATE_COLON;
    at++;
    if (at == end || *at != ':')
        return at;
    self->state = STATE_VALUE;
    return at + 1;
}

/* The first byte decides how many follow and what the second may be (RFC 3629: no overlong forms,
 * no surrogates, nothing above U+10FFFF). */
static const char *begin_utf8(MxJsonPush *self, const char *at)
{
    guint8 byte = (guint8)*at;
    if (byte < 0xc2 || byte > 0xf4)
        return refuse(self, "not UTF-8");
    self->utf8_left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    self->utf8_min = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    self->utf8_max = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    self->state = STATE_UTF8;
    return at + 1;
}

static const char *read_utf8(MxJsonPush *self, const char *at, const char *end)
{
    do {
        guint8 byte = (guint8)*at++;
        if (byte < self->utf8_min || byte > self->utf8_max)
            return refuse(self, "not UTF-8");
        self->utf8_min = 0x80;
        self->utf8_max = 0xbf;
        self->utf8_left--;
    } while (self->utf8_left > 0 && at < end);
    if (self->utf8_left == 0)
        self->state = STATE_STRING;
    return at;
}

static inline gboolean continues(char byte)
{
    return ((guint8)byte & 0xc0) == 0x80;
}

/* The same for whole characters far from the edges of what is valid, and the spaces between their
 * words. Stops at anything else, which read_utf8() then judges. */
static const char *skip_common_utf8(const char *at, const char *end)
{
    while (end - at >= 3) {
        guint8 lead = (guint8)at[0];
        if (lead >= 0xc2 && lead < 0xe0 && continues(at[1]))
            at += 2;
        else if (lead > 0xe0 && lead < 0xf0 && lead != 0xed && continues(at[1]) && continues(at[2]))
            at += 3;
        else if (lead == ' ')
            at++;
        else
            break;
    }
    return at;
}

static gboolean is_simple_escape(char byte)
{
    return byte != '\0' && strchr("\"\\/bfnrt", byte) != NULL;
}

/* Whole escapes; stops at one that is not valid or not whole in this piece. */
static const char *skip_common_escapes(const char *at, const char *end)
{
    while (end - at >= 6 && at[0] == '\\') {
        if (at[1] != 'u' && is_simple_escape(at[1]))
            at += 2;
        else if (at[1] == 'u' && g_ascii_isxdigit(at[2]) && g_ascii_isxdigit(at[3]) &&
                 g_ascii_isxdigit(at[4]) && g_ascii_isxdigit(at[5]))
            at += 6;
        else
            break;
    }
    return at;
}

static const char *read_escape(MxJsonPush *self, const char *at)
{
    if (*at == 'u') {
        self->hex_left = 4;
        self->state = STATE_HEX;
    } else if (is_simple_escape(*at)) {
        self->state = STATE_STRING;
    } else {
        return refuse(self, "unknown escape");
    }
    return at + 1;
}

static const char *read_hex(MxJsonPush *self, const char *at)
{
    if (!g_ascii_isxdigit(*at))
        return refuse(self, "\\u without four digits");
    if (--self->hex_left == 0)
        self->state = STATE_STRING;
    return at + 1;
}

static const char *begin_escape(MxJsonPush *self, const char *at, const char *end)
{
    self->key_has_escape = TRUE;
    const char *after = skip_common_escapes(at, end);
    if (after > at)
        return after;
    self->state = STATE_ESCAPE;
    return at + 1;
}

static const char *read_string(MxJsonPush *self, const char *at, const char *end)
{
    at = find_special(at, end);
    if (at == end)
        return at;
    if (*at == '"')
        return end_string(self, at, end);
    if (*at == '\\')
        return begin_escape(self, at, end);
    if ((guint8)*at < 0x20)
        return refuse(self, "control character in a string");
    const char *after = skip_common_utf8(at, end);
    return after > at ? after : begin_utf8(self, at);
}

/* ---- numbers and literals ---- */

static const char *begin_literal(MxJsonPush *self, const char *at, const char *rest,
                                 MxJsonType type)
{
    begin_value(self, type, at);
    self->literal = rest;
    self->literal_type = type;
    self->state = STATE_LITERAL;
    return at + 1;
}

static const char *read_literal(MxJsonPush *self, const char *at, const char *end)
{
    while (at < end && *self->literal != '\0') {
        if (*at++ != *self->literal++)
            return refuse(self, "unknown word");
    }
    if (*self->literal == '\0')
        end_value(self, self->literal_type, at);
    return at;
}

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* What may follow the digits that were read: more of the number, or whatever comes after it. */
static const char *continue_number(MxJsonPush *self, const char *at)
{
    if (*at == '.' && (self->state == STATE_INTEGER || self->state == STATE_ZERO))
        self->state = STATE_POINT;
    else if ((*at == 'e' || *at == 'E') && self->state != STATE_EXPONENT)
        self->state = STATE_E;
    else
        end_value(self, MX_JSON_NUMBER, at);
    return self->state == STATE_COMMA_OR_CLOSE ? at : at + 1;
}

static const char *begin_digits(MxJsonPush *self, const char *at)
{
    if (!is_digit(*at))
        return refuse(self, "a number without digits");
    if (self->state == STATE_MINUS)
        self->state = *at == '0' ? STATE_ZERO : STATE_INTEGER;
    else
        self->state = self->state == STATE_POINT ? STATE_FRACTION : STATE_EXPONENT;
    return at + 1;
}

static const char *read_number(MxJsonPush *self, const char *at, const char *end)
{
    switch (self->state) {
    case STATE_INTEGER:
    case STATE_FRACTION:
    case STATE_EXPONENT:
        at = skip_digits(at, end);
        return at < end ? continue_number(self, at) : at;
    case STATE_ZERO:
        return continue_number(self, at);
    case STATE_E:
        if (*at == '+' || *at == '-') {
            self->state = STATE_E_SIGN;
            return at + 1;
        }
        return begin_digits(self, at);
    default:
        return begin_digits(self, at);
    }
}

/* ---- structure ---- */

static const char *begin_scalar(MxJsonPush *self, const char *at)
{
    switch (*at) {
    case 't':
        return begin_literal(self, at, "rue", MX_JSON_BOOL);
    case 'f':
        return begin_literal(self, at, "alse", MX_JSON_BOOL);
    case 'n':
        return begin_literal(self, at, "ull", MX_JSON_NULL);
    case '-':
        self->state = STATE_MINUS;
        break;
    case '0':
        self->state = STATE_ZERO;
        break;
    default:
        if (!is_digit(*at))
            return refuse(self, "no value where one must be");
        self->state = STATE_INTEGER;
    }
    begin_value(self, MX_JSON_NUMBER, at);
    return at + 1;
}

static const char *read_value(MxJsonPush *self, const char *at, const char *end)
{
    at = skip_space(at, end);
    if (at == end)
        return at;
    if (*at == '"') {
        begin_value(self, MX_JSON_STRING, at);
        self->string_is_key = FALSE;
        self->state = STATE_STRING;
        return at + 1;
    }
    if (*at == '{' || *at == '[')
        return open_container(self, at, *at == '{');
    if (*at == ']' && self->state == STATE_VALUE_OR_CLOSE)
        return close_container(self, at, end);
    return begin_scalar(self, at);
}

/* at points at the opening quote of a name. Reads members of which nobody is told, as long as name
 * and value are plain strings without white space between: most of an event is like that, and needs
 * nothing remembered between tokens. Leaves the rest, with the state set for it. */
static const char *skim_members(MxJsonPush *self, const char *at, const char *end)
{
    for (;;) {
        const char *after = find_special(at + 1, end);
        if (end - after < 3 || after[0] != '"' || after[1] != ':') {
            self->state = STATE_STRING;
            return after;
        }
        if (after[2] != '"') {
            self->state = STATE_VALUE;
            return after + 2;
        }
        after = find_special(after + 3, end);
        if (end - after < 3 || after[0] != '"') {
            self->string_is_key = FALSE;
            self->state = STATE_STRING;
            return after;
        }
        at = after + 2;
        if (after[1] != ',' || *at != '"') {
            self->state = after[1] == ',' ? STATE_KEY : STATE_COMMA_OR_CLOSE;
            return after[1] == ',' ? at : after + 1;
        }
    }
}

static const char *read_key(MxJsonPush *self, const char *at, const char *end)
{
    at = skip_space(at, end);
    if (at == end)
        return at;
    if (*at == '"') {
        begin_key(self, at + 1);
        if (!self->keeps_key)
            return skim_members(self, at, end);
        self->state = STATE_STRING;
        return at + 1;
    }
    if (*at == '}' && self->state == STATE_KEY_OR_CLOSE)
        return close_container(self, at, end);
    return refuse(self, "no member name where one must be");
}

static const char *read_colon(MxJsonPush *self, const char *at, const char *end)
{
    at = skip_space(at, end);
    if (at == end)
        return at;
    if (*at != ':')
        return refuse(self, "no colon after a member name");
    self->state = STATE_VALUE;
    return at + 1;
}

static const char *read_comma(MxJsonPush *self, const char *at, const char *end)
{
    at = skip_space(at, end);
    if (at == end)
        return at;
    if (*at == ',') {
        self->state = self->in_object ? STATE_KEY : STATE_VALUE;
        return at + 1;
    }
    if (*at == '}' || *at == ']')
        return close_container(self, at, end);
    return refuse(self, "no comma between values");
}

static const char *read_outside(MxJsonPush *self, const char *at, const char *end)
{
    at = skip_space(at, end);
    if (at == end)
        return at;
    if (self->state == STATE_END)
        return refuse(self, "something follows the object");
    if (*at != '{')
        return refuse(self, "not an object");
    return open_container(self, at, TRUE);
}

/* Gives NULL once the text is refused; else what is not yet read. */
static inline const char *read_some(MxJsonPush *self, const char *at, const char *end)
{
    switch (self->state) {
    case STATE_ROOT:
    case STATE_END:
        return read_outside(self, at, end);
    case STATE_VALUE:
    case STATE_VALUE_OR_CLOSE:
        return read_value(self, at, end);
    case STATE_KEY:
    case STATE_KEY_OR_CLOSE:
        return read_key(self, at, end);
    case STATE_COLON:
        return read_colon(self, at, end);
    case STATE_COMMA_OR_CLOSE:
        return read_comma(self, at, end);
    case STATE_STRING:
        return read_string(self, at, end);
    case STATE_UTF8:
        return read_utf8(self, at, end);
    case STATE_ESCAPE:
        return read_escape(self, at);
    case STATE_HEX:
        return read_hex(self, at);
    case STATE_LITERAL:
        return read_literal(self, at, end);
    default:
        return read_number(self, at, end);
    }
}

/* ---- public ---- */

MxJsonPush *mx_json_push_new(const MxJsonPushHandler *handler, gpointer user_data)
{
    MxJsonPush *self = g_new0(MxJsonPush, 1);
    self->handler = handler;
    self->user_data = user_data;
    self->deep = G_MAXUINT;
    self->bits_size = 64;
    self->bits = g_malloc(self->bits_size);
    self->key = g_string_new(NULL);
    self->decoded = g_string_new(NULL);
    return self;
}

void mx_json_push_free(MxJsonPush *self)
{
    if (self == NULL)
        return;
    g_free(self->bits);
    g_string_free(self->key, TRUE);
    g_string_free(self->decoded, TRUE);
    g_free(self);
}

void mx_json_push_set_watch(MxJsonPush *self, guint depth)
{
    self->watch = depth;
}

void mx_json_push_set_deep(MxJsonPush *self, guint depth)
{
    self->deep = depth;
}

static gboolean fail(MxJsonPush *self, GError **error)
{
    g_set_error(error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                "not a JSON object: %s (at byte %" G_GUINT64_FORMAT ")", self->problem,
                self->offset);
    return FALSE;
}

gboolean mx_json_push_feed(MxJsonPush *self, const char *data, gsize len, GError **error)
{
    if (self->problem != NULL)
        return fail(self, error);
    if (len == 0)
        return TRUE;
    const char *at = data, *end = data + len;
    self->key_from = data;
    while (at != end) {
        const char *next = read_some(self, at, end);
        if (next == NULL) {
            self->offset += (guint64)(at - data);
            return fail(self, error);
        }
        at = next;
    }
    if (self->keeps_key)
        keep_key_bytes(self, end);
    self->offset += len;
    return TRUE;
}

gboolean mx_json_push_finish(MxJsonPush *self, GError **error)
{
    if (self->problem == NULL && self->state != STATE_END)
        self->problem = "it ends too early";
    return self->problem == NULL || fail(self, error);
}
