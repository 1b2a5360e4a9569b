/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-endpoints.h"
#include "mx-endpoints-register.h"
#include "mx-json.h"

#define V3 "/_matrix/client/v3"

/* Takes the request. body NULL: none. */
static void check(MxRequest *request, const char *method, const char *target, const char *body)
{
    g_assert_cmpstr(mx_request_get_method(request), ==, method);
    g_assert_cmpstr(mx_request_get_target(request), ==, target);
    g_assert_cmpstr(mx_request_get_body(request), ==, body);
    mx_request_unref(request);
}

static void check_public(MxRequest *request, const char *method, const char *target,
                         const char *body)
{
    g_assert_false(mx_request_is_authorized(request));
    check(request, method, target, body);
}

static void test_account(void)
{
    g_autoptr(JsonObject) body = mx_json_parse_object("{\"type\":\"m.login.password\"}", -1, NULL);
    check(mx_endpoint_login_flows(), "GET", V3 "/login", NULL);
    check(mx_endpoint_login(body), "POST", V3 "/login", "{\"type\":\"m.login.password\"}");
    check(mx_endpoint_logout(), "POST", V3 "/logout", "{}");
    check(mx_endpoint_whoami(), "GET", V3 "/account/whoami", NULL);
    check(mx_endpoint_create_filter("@a/b:h:1", body), "POST", V3 "/user/%40a%2Fb%3Ah%3A1/filter",
          "{\"type\":\"m.login.password\"}");
    check(mx_endpoint_profile("@a:h"), "GET", V3 "/profile/%40a%3Ah", NULL);
    check(mx_endpoint_get_account_data("@a:h", "m.direct"), "GET",
          V3 "/user/%40a%3Ah/account_data/m.direct", NULL);
    check(mx_endpoint_set_account_data("@a:h", "m.direct", body), "PUT",
          V3 "/user/%40a%3Ah/account_data/m.direct", "{\"type\":\"m.login.password\"}");
    check(mx_endpoint_set_tag("@a:h", "!r/1:h", "u.a b"), "PUT",
          V3 "/user/%40a%3Ah/rooms/%21r%2F1%3Ah/tags/u.a%20b", "{}");
    check(mx_endpoint_delete_tag("@a:h", "!r:h", "m.favourite"), "DELETE",
          V3 "/user/%40a%3Ah/rooms/%21r%3Ah/tags/m.favourite", NULL);
    check(mx_endpoint_set_state("!r:h", "m.room.topic", "", body), "PUT",
          V3 "/rooms/%21r%3Ah/state/m.room.topic", "{\"type\":\"m.login.password\"}");
    check(mx_endpoint_set_state("!r:h", "m.space.child", "!c:h", body), "PUT",
          V3 "/rooms/%21r%3Ah/state/m.space.child/%21c%3Ah", "{\"type\":\"m.login.password\"}");
}

static void test_authorization(void)
{
    g_autoptr(MxRequest) flows = mx_endpoint_login_flows();
    g_autoptr(MxRequest) login = mx_endpoint_login(NULL);
    g_autoptr(MxRequest) whoami = mx_endpoint_whoami();
    g_autoptr(MxRequest) foreign = mx_request_new("GET", "https://example.org/x", NULL);
    mx_request_set_authorized(foreign, TRUE);
    g_assert_false(mx_request_is_authorized(flows));
    g_assert_false(mx_request_is_authorized(login));
    g_assert_true(mx_request_is_authorized(whoami));
    g_assert_false(mx_request_is_authorized(foreign));
}

static void test_people(void)
{
    check(mx_endpoint_set_profile("@a:h", "displayname", "\"A\""), "PUT",
          V3 "/profile/%40a%3Ah/displayname", "{\"displayname\":\"\\\"A\\\"\"}");
    check(mx_endpoint_presence_of("@a:h"), "GET", V3 "/presence/%40a%3Ah/status", NULL);
    check(mx_endpoint_mutual_rooms("@a:h", TRUE), "GET",
          "/_matrix/client/v1/mutual_rooms?user_id=%40a%3Ah", NULL);
    check(mx_endpoint_mutual_rooms("@a:h", FALSE), "GET",
          "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms?user_id=%40a%3Ah", NULL);
    check(mx_endpoint_search_people("b", 20), "POST", V3 "/user_directory/search",
          "{\"search_term\":\"b\",\"limit\":20}");
}

static void test_media(void)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("\0", 1);
    g_autoptr(MxRequest) now = mx_endpoint_download("h:1", "x_-", FALSE, 1);
    g_autoptr(MxRequest) before = mx_endpoint_download("h:1", "x_-", TRUE, 1);
    g_assert_true(mx_request_is_authorized(now));
    g_assert_false(mx_request_is_authorized(before));
    check(g_steal_pointer(&now), "GET", "/_matrix/client/v1/media/download/h%3A1/x_-", NULL);
    check(g_steal_pointer(&before), "GET", "/_matrix/media/v3/download/h%3A1/x_-", NULL);
    check(mx_endpoint_thumbnail("h", "x", 96, FALSE, 1), "GET",
          "/_matrix/client/v1/media/thumbnail/h/x?width=96&height=96&method=crop&animated=false",
          NULL);
    check(mx_endpoint_upload(bytes, "image/png"), "POST", "/_matrix/media/v3/upload", NULL);
}

static void test_sync(void)
{
    check(mx_endpoint_sync(NULL, NULL, 0, NULL), "GET",
          V3 "/sync?timeout=0&use_state_after=true&org.matrix.msc4222.use_state_after=true", NULL);
    check(mx_endpoint_sync("s1&2", "{\"a\":1}", 30000, "offline"), "GET",
          V3 "/sync?since=s1%262&filter=%7B%22a%22%3A1%7D&timeout=30000&set_presence=offline"
             "&use_state_after=true&org.matrix.msc4222.use_state_after=true",
          NULL);
    g_autoptr(MxRequest) first = mx_endpoint_sync(NULL, "1", 30000, NULL);
    g_autoptr(MxRequest) later = mx_endpoint_sync("s", "1", 30000, NULL);
    g_assert_cmpuint(mx_request_get_timeout(first), ==, 900);
    g_assert_cmpuint(mx_request_get_timeout(later), ==, 45);
    g_assert_cmpuint(mx_request_get_rate_limit_retries(first), ==, 0);
}

static void test_rooms(void)
{
    static const char *const via[] = {"a.org", "b.org:8448", NULL};
    g_autoptr(JsonObject) body = mx_json_parse_object("{\"x\":1}", -1, NULL);
    check(mx_endpoint_send("!r:h", "m.room.message", "t/1", "{\"b\":1.50}"), "PUT",
          V3 "/rooms/%21r%3Ah/send/m.room.message/t%2F1", "{\"b\":1.50}");
    check(mx_endpoint_messages("!r", "f", NULL, "b", 50), "GET",
          V3 "/rooms/%21r/messages?from=f&dir=b&limit=50"
             "&filter=%7B%22lazy_load_members%22%3Atrue%7D",
          NULL);
    check(mx_endpoint_members("!r", NULL, NULL), "GET", V3 "/rooms/%21r/members", NULL);
    check(mx_endpoint_members("!r", "t1", "leave"), "GET",
          V3 "/rooms/%21r/members?at=t1&not_membership=leave", NULL);
    check(mx_endpoint_joined_members("!r"), "GET", V3 "/rooms/%21r/joined_members", NULL);
    check(mx_endpoint_create_room(body), "POST", V3 "/createRoom", "{\"x\":1}");
    check(mx_endpoint_join("#\xc3\xa4:h", NULL, NULL), "POST", V3 "/join/%23%C3%A4%3Ah", "{}");
    check(mx_endpoint_join("!r", via, body), "POST",
          V3 "/join/%21r?via=a.org&server_name=a.org&via=b.org%3A8448&server_name=b.org%3A8448",
          "{\"x\":1}");
    check(mx_endpoint_invite("!r", "@b:h", NULL), "POST", V3 "/rooms/%21r/invite",
          "{\"user_id\":\"@b:h\"}");
    check(mx_endpoint_invite("!r", "@b:h", "hi"), "POST", V3 "/rooms/%21r/invite",
          "{\"reason\":\"hi\",\"user_id\":\"@b:h\"}");
    g_autoptr(MxRequest) join = mx_endpoint_join("!r", NULL, NULL);
    g_assert_cmpuint(mx_request_get_timeout(join), ==, 0);
    check(mx_endpoint_forget("!r/x"), "POST", V3 "/rooms/%21r%2Fx/forget", "{}");
    check(mx_endpoint_leave("!r", NULL), "POST", V3 "/rooms/%21r/leave", "{}");
    check(mx_endpoint_leave("!r", "bye \"x\""), "POST", V3 "/rooms/%21r/leave",
          "{\"reason\":\"bye \\\"x\\\"\"}");
}

static void test_register(void)
{
    g_autoptr(JsonObject) body = mx_json_parse_object("{\"x\":1}", -1, NULL);
    check_public(mx_endpoint_register(body), "POST", V3 "/register", "{\"x\":1}");
    check_public(mx_endpoint_register_available("a&b"), "GET",
                 V3 "/register/available?username=a%26b", NULL);
    check_public(mx_endpoint_token_validity("a b"), "GET",
                 "/_matrix/client/v1/register/m.login.registration_token/validity?token=a%20b",
                 NULL);
    check_public(mx_endpoint_register_email("s", "a@b", 2), "POST",
                 V3 "/register/email/requestToken",
                 "{\"client_secret\":\"s\",\"email\":\"a@b\",\"send_attempt\":2}");
    g_autofree char *page = mx_endpoint_stage_page("https://h/p", "../x", "a&b");
    g_assert_cmpstr(page, ==, "https://h/p" V3 "/auth/..%2Fx/fallback/web?session=a%26b");
}

static void test_state_and_redaction(void)
{
    check(mx_endpoint_redact("!r", "$a/b", "t1", NULL), "PUT", V3 "/rooms/%21r/redact/%24a%2Fb/t1",
          "{}");
    check(mx_endpoint_redact("!r", "$a", "t1", "x"), "PUT", V3 "/rooms/%21r/redact/%24a/t1",
          "{\"reason\":\"x\"}");
    check(mx_endpoint_put_state("!r", "a.b", "", "{ }"), "PUT", V3 "/rooms/%21r/state/a.b", "{ }");
    check(mx_endpoint_put_state("!r", "a.b", "k/y", "{}"), "PUT", V3 "/rooms/%21r/state/a.b/k%2Fy",
          "{}");
    check(mx_endpoint_whole_state("!r"), "GET", V3 "/rooms/%21r/state", NULL);
    check(mx_endpoint_state_event("!r", "a.b", ""), "GET", V3 "/rooms/%21r/state/a.b?format=event",
          NULL);
    check(mx_endpoint_state_event("!r", "a.b", "k y"), "GET",
          V3 "/rooms/%21r/state/a.b/k%20y?format=event", NULL);
    check(mx_endpoint_event("!r", "$a/b"), "GET", V3 "/rooms/%21r/event/%24a%2Fb", NULL);
    check(mx_endpoint_context("!r", "$a"), "GET", V3 "/rooms/%21r/context/%24a?limit=0", NULL);
    check(mx_endpoint_directory_entry("!r"), "GET", V3 "/directory/list/room/%21r", NULL);
    check(mx_endpoint_aliases("!r"), "GET", V3 "/rooms/%21r/aliases", NULL);
}

static void test_push_rules(void)
{
    g_autoptr(JsonObject) body = mx_json_parse_object("{\"actions\":[]}", -1, NULL);
    check(mx_endpoint_set_push_rule("room", "!r/1:h", body), "PUT",
          V3 "/pushrules/global/room/%21r%2F1%3Ah", "{\"actions\":[]}");
    check(mx_endpoint_enable_push_rule("override", "!r:h"), "PUT",
          V3 "/pushrules/global/override/%21r%3Ah/enabled", "{\"enabled\":true}");
    check(mx_endpoint_delete_push_rule("override", ".m.rule"), "DELETE",
          V3 "/pushrules/global/override/.m.rule", NULL);
}

static void test_presence(void)
{
    g_autoptr(JsonObject) body = json_object_new();
    check(mx_endpoint_read_markers("!r:h", "$e/1", FALSE), "POST",
          V3 "/rooms/%21r%3Ah/read_markers", "{\"m.fully_read\":\"$e/1\",\"m.read\":\"$e/1\"}");
    check(mx_endpoint_read_markers("!r:h", "$e", TRUE), "POST", V3 "/rooms/%21r%3Ah/read_markers",
          "{\"m.fully_read\":\"$e\",\"m.read.private\":\"$e\"}");
    check(mx_endpoint_typing("!r:h", "@a:h", 30000), "PUT", V3 "/rooms/%21r%3Ah/typing/%40a%3Ah",
          "{\"typing\":true,\"timeout\":30000}");
    check(mx_endpoint_typing("!r:h", "@a:h", 0), "PUT", V3 "/rooms/%21r%3Ah/typing/%40a%3Ah",
          "{\"typing\":false}");
    check(mx_endpoint_set_presence("@a:h", "online", "x\"y"), "PUT", V3 "/presence/%40a%3Ah/status",
          "{\"presence\":\"online\",\"status_msg\":\"x\\\"y\"}");
    json_object_set_boolean_member(body, "unread", FALSE);
    check(mx_endpoint_set_room_account_data("@a:h", "!r:h", "m.marked_unread", body), "PUT",
          V3 "/user/%40a%3Ah/rooms/%21r%3Ah/account_data/m.marked_unread", "{\"unread\":false}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoints/account", test_account);
    g_test_add_func("/endpoints/authorization", test_authorization);
    g_test_add_func("/endpoints/people", test_people);
    g_test_add_func("/endpoints/media", test_media);
    g_test_add_func("/endpoints/sync", test_sync);
    g_test_add_func("/endpoints/rooms", test_rooms);
    g_test_add_func("/endpoints/register", test_register);
    g_test_add_func("/endpoints/state-and-redaction", test_state_and_redaction);
    g_test_add_func("/endpoints/push-rules", test_push_rules);
    g_test_add_func("/endpoints/presence", test_presence);
    return g_test_run();
}
