/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-html.h"

#include <stdlib.h>
#include <string.h>

/* Entities, addresses and colours in HTML. */

typedef struct {
    const char *name;
    const char *text;
} Entity;

/* In the order of strcmp(). */
static const Entity entities[] = {
    {"AElig", "\xc3\x86"},
    {"Aacute", "\xc3\x81"},
    {"Acirc", "\xc3\x82"},
    {"Agrave", "\xc3\x80"},
    {"Alpha", "\xce\x91"},
    {"Aring", "\xc3\x85"},
    {"Atilde", "\xc3\x83"},
    {"Auml", "\xc3\x84"},
    {"Beta", "\xce\x92"},
    {"Ccedil", "\xc3\x87"},
    {"Chi", "\xce\xa7"},
    {"Dagger", "\xe2\x80\xa1"},
    {"Delta", "\xce\x94"},
    {"ETH", "\xc3\x90"},
    {"Eacute", "\xc3\x89"},
    {"Ecirc", "\xc3\x8a"},
    {"Egrave", "\xc3\x88"},
    {"Epsilon", "\xce\x95"},
    {"Eta", "\xce\x97"},
    {"Euml", "\xc3\x8b"},
    {"Gamma", "\xce\x93"},
    {"Iacute", "\xc3\x8d"},
    {"Icirc", "\xc3\x8e"},
    {"Igrave", "\xc3\x8c"},
    {"Iota", "\xce\x99"},
    {"Iuml", "\xc3\x8f"},
    {"Kappa", "\xce\x9a"},
    {"Lambda", "\xce\x9b"},
    {"Mu", "\xce\x9c"},
    {"NewLine", "\n"},
    {"Ntilde", "\xc3\x91"},
    {"Nu", "\xce\x9d"},
    {"OElig", "\xc5\x92"},
    {"Oacute", "\xc3\x93"},
    {"Ocirc", "\xc3\x94"},
    {"Ograve", "\xc3\x92"},
    {"Omega", "\xce\xa9"},
    {"Omicron", "\xce\x9f"},
    {"Oslash", "\xc3\x98"},
    {"Otilde", "\xc3\x95"},
    {"Ouml", "\xc3\x96"},
    {"Phi", "\xce\xa6"},
    {"Pi", "\xce\xa0"},
    {"Prime", "\xe2\x80\xb3"},
    {"Psi", "\xce\xa8"},
    {"Rho", "\xce\xa1"},
    {"Scaron", "\xc5\xa0"},
    {"Sigma", "\xce\xa3"},
    {"THORN", "\xc3\x9e"},
    {"Tab", "\t"},
    {"Tau", "\xce\xa4"},
    {"Theta", "\xce\x98"},
    {"Uacute", "\xc3\x9a"},
    {"Ucirc", "\xc3\x9b"},
    {"Ugrave", "\xc3\x99"},
    {"Upsilon", "\xce\xa5"},
    {"Uuml", "\xc3\x9c"},
    {"Xi", "\xce\x9e"},
    {"Yacute", "\xc3\x9d"},
    {"Yuml", "\xc5\xb8"},
    {"Zeta", "\xce\x96"},
    {"aacute", "\xc3\xa1"},
    {"acirc", "\xc3\xa2"},
    {"acute", "\xc2\xb4"},
    {"aelig", "\xc3\xa6"},
    {"agrave", "\xc3\xa0"},
    {"alefsym", "\xe2\x84\xb5"},
    {"alpha", "\xce\xb1"},
    {"amp", "&"},
    {"and", "\xe2\x88\xa7"},
    {"ang", "\xe2\x88\xa0"},
    {"apos", "'"},
    {"aring", "\xc3\xa5"},
    {"ast", "*"},
    {"asymp", "\xe2\x89\x88"},
    {"atilde", "\xc3\xa3"},
    {"auml", "\xc3\xa4"},
    {"bdquo", "\xe2\x80\x9e"},
    {"beta", "\xce\xb2"},
    {"blank", "\xe2\x90\xa3"},
    {"brvbar", "\xc2\xa6"},
    {"bsol", "\\"},
    {"bull", "\xe2\x80\xa2"},
    {"cap", "\xe2\x88\xa9"},
    {"ccedil", "\xc3\xa7"},
    {"cedil", "\xc2\xb8"},
    {"cent", "\xc2\xa2"},
    {"check", "\xe2\x9c\x93"},
    {"checkmark", "\xe2\x9c\x93"},
    {"chi", "\xcf\x87"},
    {"circ", "\xcb\x86"},
    {"clubs", "\xe2\x99\xa3"},
    {"colon", ":"},
    {"comma", ","},
    {"commat", "@"},
    {"cong", "\xe2\x89\x85"},
    {"copy", "\xc2\xa9"},
    {"crarr", "\xe2\x86\xb5"},
    {"cross", "\xe2\x9c\x97"},
    {"cup", "\xe2\x88\xaa"},
    {"curren", "\xc2\xa4"},
    {"dArr", "\xe2\x87\x93"},
    {"dagger", "\xe2\x80\xa0"},
    {"darr", "\xe2\x86\x93"},
    {"deg", "\xc2\xb0"},
    {"delta", "\xce\xb4"},
    {"diams", "\xe2\x99\xa6"},
    {"divide", "\xc3\xb7"},
    {"dollar", "$"},
    {"eacute", "\xc3\xa9"},
    {"ecirc", "\xc3\xaa"},
    {"egrave", "\xc3\xa8"},
    {"empty", "\xe2\x88\x85"},
    {"emsp", "\xe2\x80\x83"},
    {"ensp", "\xe2\x80\x82"},
    {"epsilon", "\xce\xb5"},
    {"equals", "="},
    {"equiv", "\xe2\x89\xa1"},
    {"eta", "\xce\xb7"},
    {"eth", "\xc3\xb0"},
    {"euml", "\xc3\xab"},
    {"euro", "\xe2\x82\xac"},
    {"excl", "!"},
    {"exist", "\xe2\x88\x83"},
    {"fnof", "\xc6\x92"},
    {"forall", "\xe2\x88\x80"},
    {"frac12", "\xc2\xbd"},
    {"frac14", "\xc2\xbc"},
    {"frac34", "\xc2\xbe"},
    {"frasl", "\xe2\x81\x84"},
    {"gamma", "\xce\xb3"},
    {"ge", "\xe2\x89\xa5"},
    {"grave", "`"},
    {"gt", ">"},
    {"hArr", "\xe2\x87\x94"},
    {"harr", "\xe2\x86\x94"},
    {"hearts", "\xe2\x99\xa5"},
    {"hellip", "\xe2\x80\xa6"},
    {"horbar", "\xe2\x80\x95"},
    {"hyphen", "\xe2\x80\x90"},
    {"iacute", "\xc3\xad"},
    {"icirc", "\xc3\xae"},
    {"iexcl", "\xc2\xa1"},
    {"igrave", "\xc3\xac"},
    {"image", "\xe2\x84\x91"},
    {"infin", "\xe2\x88\x9e"},
    {"int", "\xe2\x88\xab"},
    {"iota", "\xce\xb9"},
    {"iquest", "\xc2\xbf"},
    {"isin", "\xe2\x88\x88"},
    {"iuml", "\xc3\xaf"},
    {"kappa", "\xce\xba"},
    {"lArr", "\xe2\x87\x90"},
    {"lambda", "\xce\xbb"},
    {"lang", "\xe2\x8c\xa9"},
    {"laquo", "\xc2\xab"},
    {"larr", "\xe2\x86\x90"},
    {"lbrace", "{"},
    {"lceil", "\xe2\x8c\x88"},
    {"lcub", "{"},
    {"ldquo", "\xe2\x80\x9c"},
    {"le", "\xe2\x89\xa4"},
    {"lfloor", "\xe2\x8c\x8a"},
    {"lowast", "\xe2\x88\x97"},
    {"lowbar", "_"},
    {"loz", "\xe2\x97\x8a"},
    {"lpar", "("},
    {"lrm", "\xe2\x80\x8e"},
    {"lsaquo", "\xe2\x80\xb9"},
    {"lsqb", "["},
    {"lsquo", "\xe2\x80\x98"},
    {"lsquor", "\xe2\x80\x9a"},
    {"lt", "<"},
    {"macr", "\xc2\xaf"},
    {"mdash", "\xe2\x80\x94"},
    {"micro", "\xc2\xb5"},
    {"middot", "\xc2\xb7"},
    {"minus", "\xe2\x88\x92"},
    {"mu", "\xce\xbc"},
    {"nabla", "\xe2\x88\x87"},
    {"nbsp", "\xc2\xa0"},
    {"ndash", "\xe2\x80\x93"},
    {"ne", "\xe2\x89\xa0"},
    {"ni", "\xe2\x88\x8b"},
    {"not", "\xc2\xac"},
    {"notin", "\xe2\x88\x89"},
    {"nsub", "\xe2\x8a\x84"},
    {"ntilde", "\xc3\xb1"},
    {"nu", "\xce\xbd"},
    {"num", "#"},
    {"oacute", "\xc3\xb3"},
    {"ocirc", "\xc3\xb4"},
    {"oelig", "\xc5\x93"},
    {"ograve", "\xc3\xb2"},
    {"oline", "\xe2\x80\xbe"},
    {"omega", "\xcf\x89"},
    {"omicron", "\xce\xbf"},
    {"oplus", "\xe2\x8a\x95"},
    {"or", "\xe2\x88\xa8"},
    {"ordf", "\xc2\xaa"},
    {"ordm", "\xc2\xba"},
    {"oslash", "\xc3\xb8"},
    {"otilde", "\xc3\xb5"},
    {"otimes", "\xe2\x8a\x97"},
    {"ouml", "\xc3\xb6"},
    {"para", "\xc2\xb6"},
    {"part", "\xe2\x88\x82"},
    {"percnt", "%"},
    {"period", "."},
    {"permil", "\xe2\x80\xb0"},
    {"perp", "\xe2\x8a\xa5"},
    {"phi", "\xcf\x86"},
    {"phone", "\xe2\x98\x8e"},
    {"pi", "\xcf\x80"},
    {"piv", "\xcf\x96"},
    {"plus", "+"},
    {"plusmn", "\xc2\xb1"},
    {"pound", "\xc2\xa3"},
    {"prime", "\xe2\x80\xb2"},
    {"prod", "\xe2\x88\x8f"},
    {"prop", "\xe2\x88\x9d"},
    {"psi", "\xcf\x88"},
    {"quest", "?"},
    {"quot", "\""},
    {"rArr", "\xe2\x87\x92"},
    {"radic", "\xe2\x88\x9a"},
    {"rang", "\xe2\x8c\xaa"},
    {"raquo", "\xc2\xbb"},
    {"rarr", "\xe2\x86\x92"},
    {"rbrace", "}"},
    {"rceil", "\xe2\x8c\x89"},
    {"rcub", "}"},
    {"rdquo", "\xe2\x80\x9d"},
    {"real", "\xe2\x84\x9c"},
    {"reg", "\xc2\xae"},
    {"rfloor", "\xe2\x8c\x8b"},
    {"rho", "\xcf\x81"},
    {"rlm", "\xe2\x80\x8f"},
    {"rpar", ")"},
    {"rsaquo", "\xe2\x80\xba"},
    {"rsqb", "]"},
    {"rsquo", "\xe2\x80\x99"},
    {"sbquo", "\xe2\x80\x9a"},
    {"scaron", "\xc5\xa1"},
    {"sdot", "\xe2\x8b\x85"},
    {"sect", "\xc2\xa7"},
    {"semi", ";"},
    {"shy", "\xc2\xad"},
    {"sigma", "\xcf\x83"},
    {"sigmaf", "\xcf\x82"},
    {"sim", "\xe2\x88\xbc"},
    {"sol", "/"},
    {"spades", "\xe2\x99\xa0"},
    {"star", "\xe2\x98\x86"},
    {"starf", "\xe2\x98\x85"},
    {"sub", "\xe2\x8a\x82"},
    {"sube", "\xe2\x8a\x86"},
    {"sum", "\xe2\x88\x91"},
    {"sup", "\xe2\x8a\x83"},
    {"sup1", "\xc2\xb9"},
    {"sup2", "\xc2\xb2"},
    {"sup3", "\xc2\xb3"},
    {"supe", "\xe2\x8a\x87"},
    {"szlig", "\xc3\x9f"},
    {"tau", "\xcf\x84"},
    {"there4", "\xe2\x88\xb4"},
    {"theta", "\xce\xb8"},
    {"thetasym", "\xcf\x91"},
    {"thinsp", "\xe2\x80\x89"},
    {"thorn", "\xc3\xbe"},
    {"tilde", "\xcb\x9c"},
    {"times", "\xc3\x97"},
    {"trade", "\xe2\x84\xa2"},
    {"uArr", "\xe2\x87\x91"},
    {"uacute", "\xc3\xba"},
    {"uarr", "\xe2\x86\x91"},
    {"ucirc", "\xc3\xbb"},
    {"ugrave", "\xc3\xb9"},
    {"uml", "\xc2\xa8"},
    {"upsih", "\xcf\x92"},
    {"upsilon", "\xcf\x85"},
    {"uuml", "\xc3\xbc"},
    {"verbar", "|"},
    {"vert", "|"},
    {"weierp", "\xe2\x84\x98"},
    {"xi", "\xce\xbe"},
    {"yacute", "\xc3\xbd"},
    {"yen", "\xc2\xa5"},
    {"yuml", "\xc3\xbf"},
    {"zeta", "\xce\xb6"},
    {"zwj", "\xe2\x80\x8d"},
    {"zwnj", "\xe2\x80\x8c"},
};

static int compare_entity(const void *name, const void *entity)
{
    return strcmp(name, ((const Entity *)entity)->name);
}

static gsize decode_number(const char *at, const char *end, GString *decoded)
{
    const char *digits = at + 2;
    gboolean is_hex = digits < end && (*digits == 'x' || *digits == 'X');
    if (is_hex)
        digits++;
    gunichar c = 0;
    const char *p = digits;
    for (; p < end && (is_hex ? g_ascii_isxdigit(*p) : g_ascii_isdigit(*p)); p++)
        if (c <= 0x10ffff)
            c = c * (is_hex ? 16 : 10) + (gunichar)g_ascii_xdigit_value(*p);
    if (p == digits)
        return 0;
    g_string_append_unichar(decoded, c != 0 && g_unichar_validate(c) ? c : 0xfffd);
    return p - at + (p < end && *p == ';');
}

#define MAX_ENTITY_NAME 10

gsize mx_html_decode_entity(const char *at, const char *end, GString *decoded)
{
    if (end - at > 2 && at[1] == '#')
        return decode_number(at, end, decoded);
    char name[MAX_ENTITY_NAME + 1];
    gsize len = 0;
    while (len < MAX_ENTITY_NAME && at + 1 + len < end && g_ascii_isalnum(at[1 + len])) {
        name[len] = at[1 + len];
        len++;
    }
    name[len] = '\0';
    if (at + 1 + len >= end || at[1 + len] != ';')
        return 0;
    const Entity *entity =
        bsearch(name, entities, G_N_ELEMENTS(entities), sizeof *entities, compare_entity);
    if (entity == NULL)
        return 0;
    g_string_append(decoded, entity->text);
    return len + 2;
}

gboolean mx_html_is_safe_link(const char *href)
{
    static const char *const schemes[] = {
        "https:", "http:", "ftp:", "mailto:", "magnet:", "matrix:"};
    for (const char *at = href; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        /* The others turn what is read around: Finch shows addresses. */
        if (c == ' ' || g_unichar_iscntrl(c) || c == 0x61c || c == 0x200e || c == 0x200f ||
            (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
            return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++) {
        gsize len = strlen(schemes[i]);
        if (g_ascii_strncasecmp(href, schemes[i], len) == 0)
            return href[len] != '\0';
    }
    return FALSE;
}

static gboolean is_hex(const char *text, gsize len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdefABCDEF") == len;
}

char *mx_html_parse_color(const char *text)
{
    static const char *const names[][2] = {
        {"aqua", "#00ffff"},   {"black", "#000000"},  {"blue", "#0000ff"},   {"fuchsia", "#ff00ff"},
        {"gray", "#808080"},   {"green", "#008000"},  {"lime", "#00ff00"},   {"maroon", "#800000"},
        {"navy", "#000080"},   {"olive", "#808000"},  {"orange", "#ffa500"}, {"purple", "#800080"},
        {"red", "#ff0000"},    {"silver", "#c0c0c0"}, {"teal", "#008080"},   {"white", "#ffffff"},
        {"yellow", "#ffff00"},
    };
    if (*text == '#' && is_hex(text + 1, 6))
        return g_ascii_strdown(text, -1);
    if (*text == '#' && is_hex(text + 1, 3)) {
        g_autofree char *lower = g_ascii_strdown(text, -1);
        return g_strdup_printf("#%c%c%c%c%c%c", lower[1], lower[1], lower[2], lower[2], lower[3],
                               lower[3]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(text, names[i][0]) == 0)
            return g_strdup(names[i][1]);
    return NULL;
}
