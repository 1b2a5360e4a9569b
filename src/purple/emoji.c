/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "emoji.h"

#include <string.h>

#include "images.h"
#include "mx-html.h"
#include "mx-media.h"

/* Of a message; of all, and their bytes, before they are forgotten. */
#define MAX_IN_LINE 10
#define MAX_PICTURES 200
#define MAX_BYTES (4u * 1024 * 1024)
/* Of ":name:", without the colons. One letter would be found in ordinary text. */
#define MIN_NAME 2
#define MAX_NAME 40
/* Pixels; larger ones are no emoji. */
#define MAX_SIDE 256

/* So long a line waits for its emoji; and after that was not enough, so long none does. */
#define WAIT_US (1500 * 1000)
#define PAUSE_US (60 * G_USEC_PER_SEC)

struct _MxpEmoji {
    GHashTable *pictures; /* mxc:// URI -> Picture */
    gsize bytes;
    GHashTable *windows; /* PurpleConversation -> set of ":name:" that it has */
    gint64 pause_until;  /* monotonic, us */
};

typedef struct {
    GBytes *bytes;    /* NULL: under way, or not to be had */
    gint64 asked_for; /* monotonic, us; 0: no more under way */
} Picture;

static void picture_free(gpointer data)
{
    Picture *picture = data;
    g_clear_pointer(&picture->bytes, g_bytes_unref);
    g_free(picture);
}

typedef struct {
    const char *name, *mxc; /* borrowed from the HTML */
} Emoji;

/* ---- which ---- */

static gboolean is_name(const char *text)
{
    gsize len = text != NULL ? strlen(text) : 0;
    if (len < MIN_NAME + 2 || len > MAX_NAME + 2 || text[0] != ':' || text[len - 1] != ':')
        return FALSE;
    for (gsize i = 1; i < len - 1; i++)
        if (!g_ascii_isalnum(text[i]) && strchr("_-+", text[i]) == NULL)
            return FALSE;
    return TRUE;
}

static void on_node(const MxHtmlNode *node, gpointer user_data)
{
    GArray *found = user_data;
    if (node->tag != MX_HTML_IMG || found->len >= MAX_IN_LINE ||
        mx_html_get_attribute(node, MX_HTML_EMOTICON) == NULL)
        return;
    /* What is written in its place, as in markup-in.c. */
    Emoji emoji = {mx_html_get_attribute(node, MX_HTML_ALT),
                   mx_html_get_attribute(node, MX_HTML_SRC)};
    if (is_name(emoji.name) && emoji.mxc != NULL)
        g_array_append_val(found, emoji);
}

static void on_left(const MxHtmlNode *node, gpointer user_data)
{
}

/* ---- pictures ---- */

typedef struct {
    MxpAccount *mxp;
    char *mxc;
} Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    g_free(asked->mxc);
    g_free(asked);
}

static void on_picture(MxClient *client, GBytes *bytes, const MxImageInfo *info,
                       const GError *error, gpointer user_data)
{
    Asked *asked = user_data;
    MxpEmoji *emoji = asked->mxp->emoji;
    Picture *picture = g_hash_table_lookup(emoji->pictures, asked->mxc);
    if (picture == NULL)
        return; /* forgotten meanwhile */
    picture->asked_for = 0;
    if (bytes == NULL || info->width > MAX_SIDE || info->height > MAX_SIDE)
        return;
    emoji->bytes += g_bytes_get_size(bytes);
    g_clear_pointer(&picture->bytes, g_bytes_unref);
    picture->bytes = g_bytes_ref(bytes);
}

/* Asks for it the first time. */
static const Picture *get_picture(MxpAccount *mxp, const char *mxc)
{
    MxpEmoji *emoji = mxp->emoji;
    Picture *picture = g_hash_table_lookup(emoji->pictures, mxc);
    if (picture != NULL)
        return picture;
    if (g_hash_table_size(emoji->pictures) >= MAX_PICTURES || emoji->bytes > MAX_BYTES) {
        g_hash_table_remove_all(emoji->pictures);
        emoji->bytes = 0;
    }
    picture = g_new0(Picture, 1);
    picture->asked_for = g_get_monotonic_time();
    g_hash_table_insert(emoji->pictures, g_strdup(mxc), picture);
    Asked *asked = g_new0(Asked, 1);
    asked->mxp = mxp;
    asked->mxc = g_strdup(mxc);
    mx_client_fetch_emoji(mxp->client, mxc, on_picture, asked, asked_free);
    return picture;
}

/* ---- windows ---- */

/* Once a window: what comes under the same name later has another picture only by mistake, or to
 * change what others have written. */
static void give(MxpEmoji *emoji, PurpleConversation *conversation, const char *name,
                 GBytes *picture)
{
    GHashTable *names = g_hash_table_lookup(emoji->windows, conversation);
    gsize len;
    const guchar *data = g_bytes_get_data(picture, &len);
    if (names == NULL) {
        names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(emoji->windows, conversation, names);
    }
    if (g_hash_table_size(names) >= MAX_PICTURES || !g_hash_table_add(names, g_strdup(name)))
        return;
    if (!purple_conv_custom_smiley_add(conversation, name, NULL, NULL, TRUE))
        return; /* one of the user's own, or they are switched off */
    purple_conv_custom_smiley_write(conversation, name, data, len);
    purple_conv_custom_smiley_close(conversation, name);
}

typedef struct {
    MxHtml *html;
    GArray *emoji; /* of Emoji */
} Found;

static void found_clear(Found *found)
{
    g_clear_pointer(&found->html, mx_html_free);
    g_clear_pointer(&found->emoji, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

/* FALSE: there is none to show. */
static gboolean find(MxpAccount *mxp, PurpleConversation *conversation, const MxLine *line,
                     Found *found)
{
    const PurpleConversationUiOps *ops =
        conversation != NULL ? purple_conversation_get_ui_ops(conversation) : NULL;
    if (ops == NULL || ops->custom_smiley_add == NULL || line->formatted_body == NULL ||
        strstr(line->formatted_body, "data-mx-emoticon") == NULL ||
        purple_account_get_int(mxp->account, MXP_OPTION_IMAGE_KB, MXP_IMAGE_KB) <= 0)
        return FALSE;
    found->html = mx_html_parse(line->formatted_body, MX_HTML_FOREIGN);
    found->emoji = g_array_new(FALSE, FALSE, sizeof(Emoji));
    if (found->html != NULL)
        mx_html_walk(mx_html_get_root(found->html), on_node, on_left, found->emoji);
    return found->emoji->len > 0;
}

gboolean mxp_emoji_is_awaited(MxpAccount *mxp, PurpleConversation *conversation, const MxLine *line)
{
    g_auto(Found) found = {0};
    gint64 now = g_get_monotonic_time();
    if (now < mxp->emoji->pause_until || !find(mxp, conversation, line, &found))
        return FALSE;
    gboolean is_awaited = FALSE;
    for (guint i = 0; i < found.emoji->len; i++) {
        const Picture *picture = get_picture(mxp, g_array_index(found.emoji, Emoji, i).mxc);
        if (picture->asked_for == 0)
            continue;
        if (now - picture->asked_for >= WAIT_US) {
            mxp->emoji->pause_until = now + PAUSE_US;
            return FALSE;
        }
        is_awaited = TRUE;
    }
    return is_awaited;
}

void mxp_emoji_prepare(MxpAccount *mxp, PurpleConversation *conversation, const MxLine *line)
{
    g_auto(Found) found = {0};
    if (!find(mxp, conversation, line, &found))
        return;
    for (guint i = 0; i < found.emoji->len; i++) {
        const Emoji *emoji = &g_array_index(found.emoji, Emoji, i);
        const Picture *picture = get_picture(mxp, emoji->mxc);
        if (picture->bytes != NULL)
            give(mxp->emoji, conversation, emoji->name, picture->bytes);
    }
}

static void on_deleting(PurpleConversation *conversation, MxpAccount *mxp)
{
    g_hash_table_remove(mxp->emoji->windows, conversation);
}

void mxp_emoji_init(MxpAccount *mxp)
{
    mxp->emoji = g_new0(MxpEmoji, 1);
    mxp->emoji->pictures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, picture_free);
    mxp->emoji->windows =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_hash_table_unref);
    purple_signal_connect(purple_conversations_get_handle(), "deleting-conversation", mxp,
                          PURPLE_CALLBACK(on_deleting), mxp);
}

void mxp_emoji_clear(MxpAccount *mxp)
{
    g_hash_table_unref(mxp->emoji->pictures);
    g_hash_table_unref(mxp->emoji->windows);
    g_clear_pointer(&mxp->emoji, g_free);
}
