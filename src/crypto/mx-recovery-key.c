/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "mx-error.h"
#include "mx-recovery-key.h"

/* Two bytes that never change, the key, and the parity of all of them. */
#define PREFIX_LEN 2
#define RAW_LEN (PREFIX_LEN + MX_KEY_LEN + 1)
/* The first byte is always 0x8b, so that every key has this many digits in base 58. */
#define DIGITS 48
#define GROUP 4

static const guint8 prefix[PREFIX_LEN] = {0x8b, 0x01};
static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static guint8 parity(const guint8 *raw, gsize len)
{
    guint8 all = 0;
    for (gsize i = 0; i < len; i++)
        all ^= raw[i];
    return all;
}

/* number /= 58; gives the rest. */
static guint divide(guint8 number[RAW_LEN])
{
    guint rest = 0;
    for (gsize i = 0; i < RAW_LEN; i++) {
        rest = rest << 8 | number[i];
        number[i] = (guint8)(rest / 58);
        rest %= 58;
    }
    return rest;
}

/* number = number * 58 + digit. FALSE when it grows too large. */
static gboolean multiply(guint8 number[RAW_LEN], guint digit)
{
    guint carry = digit;
    for (gsize i = RAW_LEN; i > 0; i--) {
        carry += 58u * number[i - 1];
        number[i - 1] = (guint8)carry;
        carry >>= 8;
    }
    return carry == 0;
}

char *mx_recovery_key_encode(const guint8 key[MX_KEY_LEN])
{
    guint8 raw[RAW_LEN];
    memcpy(raw, prefix, PREFIX_LEN);
    memcpy(raw + PREFIX_LEN, key, MX_KEY_LEN);
    raw[RAW_LEN - 1] = parity(raw, RAW_LEN - 1);
    gsize len = DIGITS + DIGITS / GROUP - 1;
    char *text = g_malloc(len + 1);
    text[len] = '\0';
    for (gsize at = len; at > 0; at--)
        text[at - 1] = at % (GROUP + 1) == 0 ? ' ' : alphabet[divide(raw)];
    mx_memzero(raw, sizeof raw);
    return text;
}

static gboolean refuse(GError **error, const char *why)
{
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID, why);
    return FALSE;
}

/* The digits of text; further ones are counted, not kept. */
static gboolean read_digits(const char *text, guint8 digits[DIGITS], gsize *count, GError **error)
{
    *count = 0;
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(error, _("This recovery key has characters that none has."));
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        if (g_unichar_isspace(g_utf8_get_char(text)))
            continue;
        const char *found = strchr(alphabet, *text);
        if (found == NULL)
            return refuse(error, _("A recovery key has only letters and digits, and none of 0, O, "
                                   "I and l. Check what you have typed."));
        if (*count < DIGITS)
            digits[*count] = (guint8)(found - alphabet);
        (*count)++;
    }
    return TRUE;
}

static gboolean check_count(gsize count, GError **error)
{
    if (count == DIGITS)
        return TRUE;
    g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                count < DIGITS ? _("This recovery key is too short: it has %d characters instead "
                                   "of %d. Check that all of it is there.")
                               : _("This recovery key is too long: it has %d characters instead "
                                   "of %d. Check that nothing else is with it."),
                (int)MIN(count, G_MAXINT), DIGITS);
    return FALSE;
}

/* The two bytes that never change show as these characters. */
static gboolean check_beginning(const guint8 digits[DIGITS], GError **error)
{
    if (alphabet[digits[0]] == 'E' && alphabet[digits[1]] == 's')
        return TRUE;
    return refuse(error, _("This is no recovery key: one begins with \"Es\"."));
}

static gboolean read_raw(const guint8 digits[DIGITS], guint8 raw[RAW_LEN], GError **error)
{
    gboolean fits = TRUE;
    for (gsize i = 0; i < DIGITS; i++)
        fits = multiply(raw, digits[i]) && fits;
    if (fits && memcmp(raw, prefix, PREFIX_LEN) == 0 && parity(raw, RAW_LEN) == 0)
        return TRUE;
    return refuse(error, _("A character of this recovery key is wrong. Compare it with what you "
                           "have written down."));
}

gboolean mx_recovery_key_decode(const char *text, guint8 key[MX_KEY_LEN], GError **error)
{
    guint8 digits[DIGITS] = {0}, raw[RAW_LEN] = {0};
    gsize count;
    gboolean is_right = read_digits(text, digits, &count, error) && check_count(count, error) &&
                        check_beginning(digits, error) && read_raw(digits, raw, error);
    if (is_right)
        memcpy(key, raw + PREFIX_LEN, MX_KEY_LEN);
    else
        mx_memzero(key, MX_KEY_LEN);
    mx_memzero(raw, sizeof raw);
    mx_memzero(digits, sizeof digits);
    return is_right;
}
