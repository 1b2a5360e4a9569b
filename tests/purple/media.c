/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <glib/gstdio.h>
#include <ft.h>
#include <imgstore.h>

/* Files in messages: how they are told, fetched and sent. */

#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20\x08\0\0\0\0rest"
static const char picture[] = PNG;
static const char cipher[] = "\xb3\x9a\x76\x7f\xba\x7f\x6e\x21\xcb\x21\x21\x86\x43\x64\xad\x2e\xeb"
                             "\x1b\xd7\xac\x24\x1a\x4b\x2f\x21\xa0";
#define CIPHER_LEN (sizeof cipher - 1)
#define SECRET "It's a secret to everybody"
#define SEALED                                                                                     \
    "{'msgtype':'m.file','body':'secret.txt','info':{'size':26},'file':{'v':'v2','url':'mxc://"    \
    "far.example/secret','key':{'kty':'oct','alg':'A256CTR','ext':true,'k':'Voq2nkPme_x8no5-Tjq_"  \
    "laDAdxE6iDbxnlQXxwFPgE4','key_ops':['decrypt','encrypt']},'iv':'i0DovxYdJEcAAAAAAAAAAA',"     \
    "'hashes':{'sha256':'ANdt819a8bZl4jKy3Z+jcqtiNICa2y0AW4BBJ/iQRAU'}}}"

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    purple_account_set_int(s->account, "image_kb", 0);
    open_chat(s, ROOM);
    fake_server_set_media(s->server, "far.example/cat", "image/svg+xml", picture, sizeof picture);
    fake_server_set_media(s->server, "far.example/secret", "text/html", cipher, CIPHER_LEN);
    settle(s);
}

static void push_content(Scenario *s, const char *type, const char *content)
{
    push_event(s, ROOM, event_new(type, BOB, content));
    settle(s);
}

static void command(Scenario *s, const char *name, const char *path)
{
    g_autofree char *text = g_strconcat("/", name, " ", path, NULL);
    g_autofree char *error = NULL;
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static char *path_of(Scenario *s, const char *name)
{
    return g_build_filename(s->dir, name, NULL);
}

static char *make_file(Scenario *s, const char *name, const char *data, gsize len)
{
    char *path = path_of(s, name);
    CHECK(s, g_file_set_contents(path, data, (gssize)len, NULL));
    return path;
}

/* Hidden ones, too. */
static guint count_files(Scenario *s, const char *folder)
{
    guint count = 0;
    g_autofree char *path = path_of(s, folder);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && g_dir_read_name(dir) != NULL)
        count++;
    return count;
}

/* ---- told ---- */

static void told(Scenario *s)
{
    static const struct {
        const char *type, *content, *text;
    } cases[] = {
        {"m.room.message",
         "{'msgtype':'m.image','body':'cat.png','url':'mxc://far.example/cat','info':{'size':34000,"
         "'w':640,'h':480}}",
         "[image: cat.png, 34.0\u00a0kB, 640×480 – /download]"},
        {"m.room.message",
         "{'msgtype':'m.image','body':'Look!','filename':'cat.png','url':'mxc://far.example/cat'}",
         "[image: cat.png – /download] Look!"},
        {"m.room.message",
         "{'msgtype':'m.file','body':'<b>bold</b>','filename':'../../.bashrc','format':'org.matrix."
         "custom.html','formatted_body':'<b>bold</b>','url':'mxc://far.example/x'}",
         "[file: bashrc – /download] <b>bold</b>"},
        {"m.room.message",
         "{'msgtype':'m.video','body':'a.mp4','url':'mxc://far.example/v','info':{'duration':65000}"
         "}",
         "[video: a.mp4, 1:05 – /download]"},
        {"m.room.message",
         "{'msgtype':'m.audio','body':'Voice message.ogg','url':'mxc://far.example/v','info':{"
         "'duration':3000},'org.matrix.msc3245.voice':{}}",
         "[voice message: Voice message.ogg, 0:03 – /download]"},
        {"m.sticker", "{'body':'A smile','url':'mxc://far.example/s','info':{}}",
         "[sticker: A smile]"},
        {"m.room.message", "{'msgtype':'m.file','body':'a.txt','url':'http://evil.example/a'}",
         "[file: a.txt – it cannot be fetched]"},
        {"m.room.message",
         "{'msgtype':'m.file','body':'a.txt','url':'mxc://far.example/cat','file':{'v':'v1'}}",
         "[file: a.txt – it cannot be fetched]"},
        {"m.room.message",
         "{'msgtype':'m.image','body':'a<b>.png','url':7,'info':{'size':-5,'w':'x','h':1e99}}",
         "[image: a_b_.png – it cannot be fetched]"},
    };
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        push_content(s, cases[i].type, cases[i].content);
        EXPECT_EVENT(s, "line", "name", ROOM, "text", cases[i].text);
    }
    EXPECT_INT(s, fake_server_count(s->server, "download"), 0);
    forget_events(s);
}

/* ---- shown ---- */

/* By its own server's thumbnail, whatever it says of itself; nothing but a picture is shown. */
static void shown(Scenario *s)
{
    static const char svg[] = "<svg xmlns='http://www.w3.org/2000/svg'/>";
    start(s);
    purple_account_set_int(s->account, "image_kb", 100);
    push_content(s, "m.room.message",
                 "{'msgtype':'m.image','body':'cat.png','url':'mxc://far.example/cat'}");
    FakeRequest *request = EXPECT_REQUEST(s, "thumbnail");
    EXPECT_TEXT(s, request->query, "width=640&height=480&method=scale&animated=false");
    CHECK(s, request->token != NULL);
    EXPECT_EVENT(s, "line", "~text", "[image: cat.png");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "<img id=", "who", BOB);
    fake_server_set_media(s->server, "far.example/svg", "image/png", svg, sizeof svg - 1);
    push_content(s, "m.room.message",
                 "{'msgtype':'m.image','body':'a.svg','url':'mxc://far.example/svg'}");
    EXPECT_EVENT(s, "line", "~text", "[image: a.svg");
    EXPECT_REQUEST(s, "thumbnail");
    /* Too large to be shown. */
    push_content(s, "m.room.message",
                 "{'msgtype':'m.image','body':'b.png','url':'mxc://far.example/cat','info':{'size':"
                 "100001},'file':null}");
    EXPECT_EVENT(s, "line", "~text", "[image: b.png");
    settle(s);
    push_content(s, "m.sticker",
                 "{'body':'A smile','url':'mxc://far.example/cat','info':{'w':256,'h':256}}");
    EXPECT_REQUEST(s, "thumbnail");
    EXPECT_EVENT(s, "line", "text", "[sticker: A smile]");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "<img id=", "who", BOB);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 3);
    EXPECT_INT(s, count_lines(), 0);
    forget_events(s);
}

/* ---- fetched ---- */

static void fetched(Scenario *s)
{
    start(s);
    g_autofree char *folder = path_of(s, "got");
    g_autofree char *path = path_of(s, "got/cat.png");
    g_mkdir(folder, 0700);
    push_content(s, "m.room.message",
                 "{'msgtype':'m.image','body':'cat.png','url':'mxc://far.example/cat'}");
    push_event(s, ROOM, event_text(BOB, "nice, isn't it?"));
    settle(s);
    forget_events(s);
    command(s, "download", folder);
    FakeRequest *request = EXPECT_REQUEST(s, "download");
    EXPECT_TEXT(s, request->path, "/_matrix/client/v1/media/download/far.example/cat");
    CHECK(s, request->token != NULL);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "was saved as");
    g_autofree char *data = NULL;
    gsize len;
    CHECK(s, g_file_get_contents(path, &data, &len, NULL));
    CHECK(s, len == sizeof picture && memcmp(data, picture, len) == 0);
    command(s, "download", folder);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "is there already");
    EXPECT_INT(s, fake_server_count(s->server, "download"), 1);
    EXPECT_INT(s, count_files(s, "got"), 1);
    forget_events(s);
}

/* An old server's endpoint; a file that is not there; one that is cut off. */
static void fetched_badly(Scenario *s)
{
    start(s);
    g_autofree char *folder = path_of(s, "got");
    g_mkdir(folder, 0700);
    push_content(s, "m.room.message",
                 "{'msgtype':'m.image','body':'cat.png','url':'mxc://far.example/cat'}");
    forget_events(s);
    fake_server_once(
        s->server, "download",
        (FakeAnswer){.status = 404, .body = "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"gone\"}"});
    command(s, "download", folder);
    EXPECT_REQUEST(s, "download");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "was not saved");
    fake_server_once(s->server, "download", (FakeAnswer){.how = FAKE_CUT});
    command(s, "download", folder);
    EXPECT_REQUEST(s, "download");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "was not saved");
    fake_server_once(
        s->server, "download",
        (FakeAnswer){.status = 404, .body = "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"?\"}"});
    fake_server_always(s->server, "old-download",
                       (FakeAnswer){.status = 200, .body = "old", .content_type = "text/plain"});
    EXPECT_INT(s, count_files(s, "got"), 0);
    command(s, "download", folder);
    EXPECT_REQUEST(s, "download");
    EXPECT_REQUEST(s, "old-download");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "was saved as");
    EXPECT_INT(s, count_files(s, "got"), 1);
    forget_events(s);
}

/* No more may be written than the database needs: as on a full disk, in the midst of a file. */
static void disk_full(Scenario *s)
{
    static const gsize size = 12 * 1000 * 1000;
    struct rlimit limit;
    start(s);
    g_autofree char *folder = path_of(s, "got");
    g_mkdir(folder, 0700);
    g_autofree char *data = g_malloc0(size);
    fake_server_set_media(s->server, "far.example/cat", "video/mp4", data, size);
    push_content(s, "m.room.message",
                 "{'msgtype':'m.video','body':'cat.mp4','url':'mxc://far.example/cat','info':{"
                 "'size':12000000}}");
    forget_events(s);
    signal(SIGXFSZ, SIG_IGN);
    CHECK(s, getrlimit(RLIMIT_FSIZE, &limit) == 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 8 * 1000 * 1000;
    CHECK(s, setrlimit(RLIMIT_FSIZE, &limit) == 0);
    command(s, "download", folder);
    EXPECT_REQUEST(s, "download");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "text",
                 "“cat.mp4” was not saved. It is larger than files may be there.");
    EXPECT_INT(s, count_files(s, "got"), 0);
    CHECK(s, purple_xfers_get_all() == NULL);
    limit.rlim_cur = before;
    CHECK(s, setrlimit(RLIMIT_FSIZE, &limit) == 0);
    command(s, "download", folder);
    EXPECT_REQUEST(s, "download");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "was saved as");
    forget_events(s);
}

static void fetched_encrypted(Scenario *s)
{
    start(s);
    g_autofree char *folder = path_of(s, "got");
    g_autofree char *path = path_of(s, "got/secret.txt");
    g_mkdir(folder, 0700);
    push_content(s, "m.room.message", SEALED);
    forget_events(s);
    /* One bit is another: nothing of it is saved. */
    char changed[sizeof cipher];
    memcpy(changed, cipher, sizeof cipher);
    changed[3] ^= 1;
    fake_server_set_media(s->server, "far.example/secret", "text/html", changed, CIPHER_LEN);
    command(s, "download", folder);
    EXPECT_REQUEST(s, "download");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "somebody has changed it");
    EXPECT_INT(s, count_files(s, "got"), 0);
    fake_server_set_media(s->server, "far.example/secret", "text/html", cipher, CIPHER_LEN);
    command(s, "download", folder);
    EXPECT_REQUEST(s, "download");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "was saved as");
    g_autofree char *data = NULL;
    CHECK(s, g_file_get_contents(path, &data, NULL, NULL));
    EXPECT_TEXT(s, data, SECRET);
    forget_events(s);
}

/* ---- sent ---- */

static void sent(Scenario *s)
{
    start(s);
    g_autofree char *path = make_file(s, "my cat.png", picture, sizeof picture);
    g_autofree char *typed = g_strconcat(path, " Look at him", NULL);
    command(s, "sendfile", typed);
    EXPECT_REQUEST(s, "media-config");
    FakeRequest *upload = EXPECT_REQUEST(s, "upload");
    EXPECT_TEXT(s, upload->query, "filename=my%20cat.png");
    CHECK(s,
          upload->body_len == sizeof picture && memcmp(upload->body, picture, sizeof picture) == 0);
    FakeRequest *request = EXPECT_REQUEST(s, "send");
    EXPECT_TEXT(s, request->body,
                "{\"msgtype\":\"m.image\",\"body\":\"Look at him\",\"filename\":\"my cat.png\","
                "\"info\":{\"mimetype\":\"image/png\",\"size\":34,\"w\":16,\"h\":32},"
                "\"url\":\"mxc://localhost/up1\",\"m.mentions\":{}}");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "[image: my cat.png, 34");
    settle(s);
    forget_events(s);
}

/* What these do not look at. */
static void forget_requests(Scenario *s)
{
    static const char *const endpoints[] = {"media-config", "upload", "download"};
    for (guint i = 0; i < G_N_ELEMENTS(endpoints); i++) {
        FakeRequest *request;
        while ((request = fake_server_take_request(s->server, endpoints[i])) != NULL)
            fake_request_free(request);
    }
    forget_events(s);
}

static int insert_picture(const char *name)
{
    return purple_imgstore_add_with_id(g_memdup2(picture, sizeof picture), sizeof picture, name);
}

/* Pictures that were put into a text: the words are sent at once, then the pictures in their order.
 */
static void inserted(Scenario *s)
{
    start(s);
    int ids[] = {insert_picture("a.png"), insert_picture("b.png"), insert_picture("c.png")};
    g_autofree char *markup = g_strdup_printf(
        "Look <b>here</b> <IMG ID=\"%d\"><img id=\"%d\"> <img id=\"%d\">", ids[0], ids[1], ids[2]);
    fake_server_once(s->server, "upload", (FakeAnswer){.delay_ms = 500});
    CHECK(s, host_send_chat(s->account, ROOM, markup));
    FakeRequest *request = EXPECT_REQUEST(s, "send");
    CHECK(s, strstr(request->body, "\"body\":\"Look here\"") != NULL);
    CHECK(s, strstr(request->body, "Look <strong>here</strong>") != NULL);
    CHECK(s, strstr(request->body, "img") == NULL);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *wanted = g_strdup_printf("\"filename\":\"%c.png\"", 'a' + i);
        request = EXPECT_REQUEST(s, "send");
        CHECK(s, strstr(request->body, wanted) != NULL);
        purple_imgstore_unref_by_id(ids[i]);
    }
    settle(s);
    forget_requests(s);
}

/* Words are never lost with a picture, nor does one vanish without a word. */
static void inserted_in_vain(Scenario *s)
{
    start(s);
    int id = insert_picture("cat.png");
    g_autofree char *markup = g_strdup_printf("Look here <IMG ID=\"%d\">", id);
    fake_server_once(s->server, "upload", (FakeAnswer){.status = 403, .body = "{}"});
    CHECK(s, host_send_chat(s->account, ROOM, markup));
    EXPECT_REQUEST(s, "send");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SEND", "text", "Look here");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", "“cat.png” was not sent");
    EXPECT_REQUEST(s, "upload");
    fake_server_once(s->server, "upload", (FakeAnswer){.how = FAKE_SILENT});
    CHECK(s, host_send_chat(s->account, ROOM, markup));
    EXPECT_REQUEST(s, "send");
    EXPECT_REQUEST(s, "upload");
    host_account_enable(s->account, FALSE);
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "“cat.png” was not sent");
    EXPECT_EVENT(s, "disconnected");
    forget_requests(s);
    purple_imgstore_unref_by_id(id);
}

/* ---- how many, how often ---- */

/* Three at once; the fourth says that it waits, and has its turn. */
static void crowded(Scenario *s)
{
    start(s);
    for (guint i = 0; i < 3; i++)
        fake_server_once(s->server, "upload", (FakeAnswer){.delay_ms = 700});
    for (guint i = 0; i < 4; i++) {
        g_autofree char *name = g_strdup_printf("%u.txt", i);
        g_autofree char *path = make_file(s, name, "text", 4);
        command(s, "sendfile", path);
    }
    EXPECT_EVENT(s, "line", "name", ROOM, "text", "“3.txt” waits until another file is sent.");
    for (guint i = 0; i < 3; i++)
        EXPECT_REQUEST(s, "upload");
    EXPECT_INT(s, fake_server_count(s->server, "upload"), 3);
    for (guint i = 0; i < 4; i++)
        EXPECT_REQUEST(s, "send");
    EXPECT_INT(s, fake_server_count(s->server, "upload"), 4);
    settle(s);
    CHECK(s, purple_xfers_get_all() == NULL);
    forget_requests(s);
}

/* The same of downloads, which wait for no upload; one that waits can be cancelled, and the end of
 * the connection is said of all. */
static void crowded_downloads(Scenario *s)
{
    start(s);
    g_autofree char *path = make_file(s, "up.txt", "text", 4);
    push_content(s, "m.room.message",
                 "{'msgtype':'m.image','body':'cat.png','url':'mxc://far.example/cat'}");
    forget_events(s);
    for (guint i = 0; i < 5; i++) {
        g_autofree char *name = g_strdup_printf("%u.png", i);
        g_autofree char *target = path_of(s, name);
        if (i < 4)
            fake_server_once(s->server, "download", (FakeAnswer){.how = FAKE_SILENT});
        command(s, "download", target);
        if (i >= 3)
            EXPECT_EVENT(s, "line", "name", ROOM, "text",
                         "“cat.png” waits until another file is there.");
    }
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "download"), 3);
    command(s, "sendfile", path);
    EXPECT_REQUEST(s, "upload");
    EXPECT_REQUEST(s, "send");
    EXPECT_EVENT(s, "line", "~text", "[file: up.txt");
    /* The last one, which waits, and the first. */
    purple_xfer_cancel_local(purple_xfers_get_all()->data);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "download"), 3);
    purple_xfer_cancel_local(g_list_last(purple_xfers_get_all())->data);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "download"), 4);
    host_account_enable(s->account, FALSE);
    for (guint i = 0; i < 3; i++)
        EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "“cat.png” was not saved");
    EXPECT_EVENT(s, "disconnected");
    CHECK(s, purple_xfers_get_all() == NULL);
    forget_requests(s);
}

static void retried(Scenario *s)
{
    start(s);
    g_autofree char *path = make_file(s, "a.txt", "text", 4);
    fake_server_once(s->server, "upload", FAKE_502);
    fake_server_once(s->server, "upload", (FakeAnswer){.how = FAKE_CLOSE});
    fake_server_once(s->server, "upload", FAKE_429_BODY);
    command(s, "sendfile", path);
    FakeRequest *request = EXPECT_REQUEST(s, "send");
    CHECK(s, strstr(request->body, "a.txt") != NULL);
    EXPECT_INT(s, fake_server_count(s->server, "upload"), 4);
    settle(s);
    forget_requests(s);
}

static void retried_in_vain(Scenario *s)
{
    start(s);
    g_autofree char *path = make_file(s, "a.txt", "text", 4);
    fake_server_always(s->server, "upload", FAKE_502);
    command(s, "sendfile", path);
    for (guint i = 0; i < 5; i++)
        EXPECT_REQUEST(s, "upload");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", "“a.txt” was not sent");
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
    CHECK(s, purple_xfers_get_all() == NULL);
    forget_requests(s);
}

/* The user cancels in the transfer's window, and nothing is sent. */
static void cancelled(Scenario *s)
{
    start(s);
    g_autofree char *path = make_file(s, "a.txt", "text", 4);
    fake_server_once(s->server, "upload", (FakeAnswer){.how = FAKE_SILENT});
    command(s, "sendfile", path);
    EXPECT_REQUEST(s, "media-config");
    EXPECT_REQUEST(s, "upload");
    purple_xfer_cancel_local(purple_xfers_get_all()->data);
    settle(s);
    CHECK(s, purple_xfers_get_all() == NULL);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
    forget_events(s);
}

static void too_large(Scenario *s)
{
    start(s);
    g_autofree char *data = g_strnfill(100001, 'x');
    g_autofree char *path = make_file(s, "large.txt", data, 100001);
    command(s, "sendfile", path);
    EXPECT_REQUEST(s, "media-config");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "the homeserver takes at most 100.0\u00a0kB");
    EXPECT_INT(s, fake_server_count(s->server, "upload"), 0);
    forget_events(s);
}

/* The bytes that leave for an encrypted room are ciphertext, and nobody learns what they are. */
static void sent_encrypted(Scenario *s)
{
    start(s);
    SyncBody *body = sync_body_new();
    sync_body_state(
        body, ROOM,
        event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    push(s, sync_body_end(body));
    settle(s);
    g_autofree char *path = make_file(s, "cat.png", picture, sizeof picture);
    command(s, "sendfile", path);
    EXPECT_REQUEST(s, "media-config");
    FakeRequest *upload = EXPECT_REQUEST(s, "upload");
    CHECK(s, upload->query == NULL);
    EXPECT_INT(s, upload->body_len, sizeof picture);
    CHECK(s, memcmp(upload->body, picture, 8) != 0);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "[image: cat.png");
    settle(s);
    forget_events(s);
    s->quits_at_once = TRUE;
}

static void says_why(Scenario *s)
{
    start(s);
    g_autofree char *path = make_file(s, "a.txt", "text", 4);
    fake_server_once(
        s->server, "upload",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"});
    command(s, "sendfile", path);
    EXPECT_REQUEST(s, "media-config");
    EXPECT_REQUEST(s, "upload");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "was not sent");
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
    forget_events(s);
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"told", {told}},
        {"shown", {shown}},
        {"fetched", {fetched}},
        {"fetched-badly", {fetched_badly}},
        {"disk-full", {disk_full}},
        {"fetched-encrypted", {fetched_encrypted}},
        {"sent", {sent}},
        {"inserted", {inserted}},
        {"inserted-in-vain", {inserted_in_vain}},
        {"crowded", {crowded}},
        {"crowded-downloads", {crowded_downloads}},
        {"retried", {retried}},
        {"retried-in-vain", {retried_in_vain}},
        {"cancelled", {cancelled}},
        {"too-large", {too_large}},
        {"sent-encrypted", {sent_encrypted}},
        {"says-why", {says_why}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
