/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-register.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-discovery.h"
#include "mx-endpoints.h"
#include "mx-endpoints-register.h"
#include "mx-id.h"
#include "mx-json.h"

#define MAX_WORDS 300

typedef void (*Step)(MxRegister *self);

struct _MxRegister {
    GObject parent_instance;

    char *user, *localpart, *server_name, *home_server, *password;
    char *user_agent, *proxy_uri, *ca_file;
    MxHttpProxy proxy;

    const MxRegisterFuncs *funcs; /* NULL: it is over */
    gpointer user_data;
    MxHttp *http;
    GCancellable *cancellable;

    MxUia *uia;
    JsonObject *auth;    /* of the next request, or NULL */
    gboolean is_answer;  /* auth holds what a person has answered */
    gboolean is_posting; /* POST /register is on its way */
    gboolean is_lost;    /* one that may have created the account was not answered */
    gboolean is_created; /* it was, whatever is still under way */
    char *problem;       /* to be shown with the next question */
    char *user_id;

    gboolean is_asking;
    MxAskKind asking;
    Step again; /* what MX_ASK_AGAIN repeats */

    char *token, *email, *client_secret, *sid;
    guint attempt;
};

G_DEFINE_FINAL_TYPE(MxRegister, mx_register, G_TYPE_OBJECT)

static void find_homeserver(MxRegister *self);
static void check_name(MxRegister *self);
static void post(MxRegister *self);

/* ---- words ---- */

/* One line, not too long, whatever the server wrote. */
static char *tidy(const char *words)
{
    if (words == NULL || *words == '\0')
        return NULL;
    GString *text = g_string_new(NULL);
    guint count = 0;
    for (const char *at = words; *at != '\0' && count < MAX_WORDS; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        g_string_append_unichar(text, g_unichar_iscntrl(character) ? ' ' : character);
        count++;
    }
    if (count == MAX_WORDS)
        g_string_append(text, "…");
    return g_string_free(text, FALSE);
}

static char *quote_server(const GError *error)
{
    g_autofree char *words = tidy(mx_error_get_server_text(error));
    return words != NULL ? g_strdup_printf(_("The homeserver says: %s"), words) : NULL;
}

/* ---- the ends ---- */

void mx_register_stop(MxRegister *self)
{
    self->funcs = NULL;
    g_cancellable_cancel(self->cancellable);
}

static void fail(MxRegister *self, const GError *error)
{
    const MxRegisterFuncs *funcs = self->funcs;
    mx_register_stop(self);
    funcs->failed(error, self->user_data);
}

static void fail_with(MxRegister *self, const char *text)
{
    g_autoptr(GError) error = g_error_new_literal(MX_ERROR, MX_ERROR_INVALID, text);
    fail(self, error);
}

static void succeed(MxRegister *self)
{
    const MxRegisterFuncs *funcs = self->funcs;
    mx_register_stop(self);
    funcs->created(self->user_id, self->user_data);
}

/* ---- questions ---- */

static void ask(MxRegister *self, MxAskKind kind, const char *text, GPtrArray *policies)
{
    g_autofree char *problem = g_steal_pointer(&self->problem);
    MxQuestion question = {
        .kind = kind,
        .problem = problem,
        .text = text,
        .policies = policies,
        .is_repeated = self->uia != NULL && mx_uia_has_failed(self->uia),
    };
    self->is_asking = TRUE;
    self->asking = kind;
    self->funcs->asked(&question, self->user_data);
}

static void ask_because(MxRegister *self, MxAskKind kind, const char *text, const char *problem)
{
    g_free(self->problem);
    self->problem = g_strdup(problem);
    ask(self, kind, text, NULL);
}

static char *explain_network(const GError *error)
{
    g_autofree char *words = quote_server(error);
    if (mx_error_get_status(error) != 0)
        return g_strdup_printf(_("The homeserver is in trouble (HTTP status %u). %s"),
                               mx_error_get_status(error), words != NULL ? words : "");
    return g_strdup_printf(_("The homeserver cannot be reached: %s."), error->message);
}

/* What may pass is tried again when the user says so; FALSE: it may not. */
static gboolean offer_again(MxRegister *self, const GError *error, Step step)
{
    if (!mx_error_is_transient(error))
        return FALSE;
    g_autofree char *problem = explain_network(error);
    self->again = step;
    ask_because(self, MX_ASK_AGAIN, NULL, problem);
    return TRUE;
}

/* ---- POST /register ---- */

static void reset_session(MxRegister *self)
{
    g_clear_pointer(&self->uia, mx_uia_free);
    self->uia = mx_uia_new();
    g_clear_pointer(&self->auth, json_object_unref);
    self->is_answer = FALSE;
}

/* Takes auth. */
static void post_auth(MxRegister *self, JsonObject *auth, gboolean is_answer)
{
    g_clear_pointer(&self->auth, json_object_unref);
    self->auth = auth;
    self->is_answer = is_answer;
    post(self);
}

static void ask_stage(MxRegister *self, MxUiaKind kind)
{
    g_autoptr(GPtrArray) policies = NULL;
    g_autofree char *page = NULL;
    switch (kind) {
    case MX_UIA_DUMMY:
        break;
    case MX_UIA_PASSWORD:
        ask(self, MX_ASK_SECRET, NULL, NULL);
        break;
    case MX_UIA_TOKEN:
        ask(self, MX_ASK_TOKEN, NULL, NULL);
        break;
    case MX_UIA_TERMS:
        policies = mx_uia_list_policies(self->uia, g_get_language_names());
        ask(self, MX_ASK_TERMS, NULL, policies);
        break;
    case MX_UIA_EMAIL:
        ask(self, self->sid != NULL ? MX_ASK_LINK : MX_ASK_EMAIL, self->email, NULL);
        break;
    case MX_UIA_PAGE:
        page = mx_endpoint_stage_page(mx_http_get_base_url(self->http), mx_uia_get_stage(self->uia),
                                      mx_uia_get_session(self->uia));
        ask(self, MX_ASK_PAGE, page, NULL);
        break;
    }
}

static const char *say_failed(MxUiaKind kind)
{
    switch (kind) {
    case MX_UIA_PAGE:
        return _("The homeserver says that the page is not finished yet.");
    case MX_UIA_EMAIL:
        return _("The homeserver says that the address is not confirmed yet.");
    case MX_UIA_TOKEN:
        return _("The homeserver does not accept this token.");
    default:
        return _("The homeserver does not accept this.");
    }
}

static void take_challenge(MxRegister *self, JsonObject *challenge)
{
    g_autoptr(GError) error = NULL;
    self->is_lost = FALSE; /* the session waits for more */
    if (!mx_uia_take(self->uia, challenge, &error)) {
        fail(self, error);
        return;
    }
    MxUiaKind kind = mx_uia_get_kind(self->uia);
    if (mx_uia_has_failed(self->uia)) {
        g_autofree char *words = tidy(mx_uia_get_problem(self->uia));
        g_free(self->problem);
        self->problem = words != NULL ? g_strdup_printf("%s\n%s", say_failed(kind), words)
                                      : g_strdup(say_failed(kind));
    }
    if (kind != MX_UIA_DUMMY)
        ask_stage(self, kind);
    else if (mx_uia_has_failed(self->uia))
        fail_with(self, self->problem); /* nobody can do better */
    else
        post_auth(self, mx_uia_answer(self->uia), FALSE);
}

static void on_session_ended(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxRegister) self = user_data;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    if (self->funcs != NULL)
        succeed(self);
}

static void accept_account(MxRegister *self, JsonObject *answer)
{
    const char *user_id = mx_json_string(answer, "user_id");
    const char *token = mx_json_string(answer, "access_token");
    self->is_created = TRUE;
    self->user_id = user_id != NULL && mx_user_id_is_valid(user_id) ? g_strdup(user_id) : NULL;
    if (token == NULL || *token == '\0') {
        succeed(self);
        return;
    }
    /* A session that nobody has asked for: the login that follows makes its own. */
    mx_http_set_session(self->http, mx_http_get_base_url(self->http), token);
    g_autoptr(MxRequest) request = mx_endpoint_logout();
    mx_request_set_rate_limit_retries(request, 0);
    mx_http_send_async(self->http, request, self->cancellable, on_session_ended,
                       g_object_ref(self));
}

static gboolean is_about_name(const char *errcode)
{
    return g_strcmp0(errcode, "M_USER_IN_USE") == 0 || g_strcmp0(errcode, "M_EXCLUSIVE") == 0 ||
           g_strcmp0(errcode, "M_INVALID_USERNAME") == 0;
}

static gboolean is_about_password(const char *errcode)
{
    return g_strcmp0(errcode, "M_WEAK_PASSWORD") == 0 ||
           (errcode != NULL && g_str_has_prefix(errcode, "M_PASSWORD_"));
}

static void ask_name(MxRegister *self, const GError *error)
{
    g_autofree char *words = quote_server(error);
    ask_because(self, MX_ASK_NAME, self->localpart,
                words != NULL ? words : _("The homeserver does not accept this name."));
}

/* The server is there, and refuses. */
static void take_refusal(MxRegister *self, const GError *error)
{
    const char *errcode = mx_error_get_errcode(error);
    guint status = mx_error_get_status(error);
    g_autofree char *words = quote_server(error);
    g_autofree char *text = NULL;
    if (self->is_answer) {
        /* Whatever was wrong with the answer, the person may give another one. */
        reset_session(self);
        g_free(self->problem);
        self->problem = g_steal_pointer(&words);
        post(self);
    } else if (g_strcmp0(errcode, "M_UNRECOGNIZED") == 0 || status == 404 || status == 405) {
        fail_with(self, _("This homeserver does not create accounts from here. Create one on its "
                          "web page, and add it here without “Create this new account on the "
                          "server”."));
    } else if (status == 403) {
        text = g_strdup_printf(_("This homeserver does not let people create accounts. %s"),
                               words != NULL ? words : "");
        fail_with(self, g_strchomp(text));
    } else {
        text = g_strdup_printf(_("The account was not created. %s"),
                               words != NULL ? words : error->message);
        fail_with(self, text);
    }
}

static void take_lost(MxRegister *self, const GError *error)
{
    g_autofree char *reason = explain_network(error);
    self->is_lost = TRUE;
    self->again = post;
    g_autofree char *problem = g_strdup_printf(
        _("%s\nThe account may have been created all the same: trying again will tell."), reason);
    ask_because(self, MX_ASK_AGAIN, NULL, problem);
}

static void take_error(MxRegister *self, const GError *error)
{
    const char *errcode = mx_error_get_errcode(error);
    gboolean is_unanswered = mx_error_is_transient(error) && mx_error_get_status(error) != 429;
    if (is_unanswered && (self->is_lost || mx_uia_is_last(self->uia)))
        take_lost(self, error);
    else if (offer_again(self, error, post))
        return;
    else if (self->is_lost && g_strcmp0(errcode, "M_USER_IN_USE") == 0)
        succeed(self); /* it was free before: it is the one whose answer was lost */
    else if (is_about_name(errcode))
        ask_name(self, error);
    else if (is_about_password(errcode)) {
        g_autofree char *words = quote_server(error);
        ask_because(self, MX_ASK_PASSWORD, NULL,
                    words != NULL ? words : _("The homeserver wants a better password."));
    } else if (mx_error_get_status(error) != 0)
        take_refusal(self, error);
    else
        fail(self, error);
}

static void on_posted(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxRegister) self = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (self->funcs == NULL)
        return;
    self->is_posting = FALSE;
    if (response == NULL) {
        take_error(self, error);
        return;
    }
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    if (response->status == 401)
        take_challenge(self, answer);
    else
        accept_account(self, answer);
}

static void post(MxRegister *self)
{
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "username", self->localpart);
    json_object_set_string_member(body, "password", self->password);
    /* The login that follows makes the one device there is to be. */
    json_object_set_boolean_member(body, "inhibit_login", TRUE);
    if (self->auth != NULL)
        json_object_set_object_member(body, "auth", json_object_ref(self->auth));
    g_autoptr(MxRequest) request = mx_endpoint_register(body);
    self->is_posting = TRUE;
    self->funcs->progress(2, _("Creating the account"), self->user_data);
    mx_http_send_async(self->http, request, self->cancellable, on_posted, g_object_ref(self));
}

/* ---- the way there ---- */

static void on_name_checked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxRegister) self = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (self->funcs == NULL || offer_again(self, error, check_name))
        return;
    if (is_about_name(mx_error_get_errcode(error)))
        ask_name(self, error);
    else if (error != NULL && mx_error_get_status(error) == 0)
        fail(self, error);
    else
        post(self); /* what else there is to say, it says there */
}

static void check_name(MxRegister *self)
{
    g_autoptr(MxRequest) request = mx_endpoint_register_available(self->localpart);
    self->funcs->progress(1, _("Looking whether the name is free"), self->user_data);
    mx_http_send_async(self->http, request, self->cancellable, on_name_checked, g_object_ref(self));
}

static void on_discovered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxRegister) self = user_data;
    g_autoptr(GError) error = NULL;
    g_autofree char *base_url = mx_discovery_run_finish(MX_HTTP(source), result, &error);
    if (self->funcs == NULL || offer_again(self, error, find_homeserver))
        return;
    if (base_url == NULL) {
        fail(self, error);
        return;
    }
    mx_http_set_session(self->http, base_url, NULL);
    check_name(self);
}

static void find_homeserver(MxRegister *self)
{
    self->funcs->progress(0, _("Finding the homeserver"), self->user_data);
    mx_discovery_run_async(self->http, self->server_name, self->home_server, self->cancellable,
                           on_discovered, g_object_ref(self));
}

static gboolean split_user(MxRegister *self)
{
    if (self->user[0] != '@') {
        self->localpart = g_ascii_strdown(self->user, -1);
        if (self->home_server != NULL)
            return TRUE;
        fail_with(self, _("Write the whole Matrix ID (@name:server) as the username, or give the "
                          "homeserver's address in the account's advanced options."));
        return FALSE;
    }
    if (!mx_user_id_is_valid(self->user)) {
        fail_with(self, _("This is no Matrix ID. Write it as @name:server, for example "
                          "@alice:example.org."));
        return FALSE;
    }
    g_autofree char *localpart = mx_user_id_get_localpart(self->user);
    /* New names have no upper case ("User Identifiers"). */
    self->localpart = g_ascii_strdown(localpart, -1);
    self->server_name = mx_user_id_get_server_name(self->user);
    return TRUE;
}

void mx_register_start(MxRegister *self)
{
    g_autoptr(GError) error = NULL;
    if (!split_user(self))
        return;
    self->http = mx_http_new(self->user_agent, self->proxy, self->proxy_uri, self->ca_file, &error);
    if (self->http == NULL) {
        fail(self, error);
        return;
    }
    reset_session(self);
    if (self->password == NULL)
        ask(self, MX_ASK_PASSWORD, NULL, NULL);
    else
        find_homeserver(self);
}

/* ---- answers ---- */

static void take_name(MxRegister *self, const char *text)
{
    g_autofree char *name = g_strstrip(g_ascii_strdown(text != NULL ? text : "", -1));
    g_autofree char *suffix =
        self->server_name != NULL ? g_strconcat(":", self->server_name, NULL) : NULL;
    if (name[0] == '@' && suffix != NULL && g_str_has_suffix(name, suffix)) {
        name[strlen(name) - strlen(suffix)] = '\0';
        memmove(name, name + 1, strlen(name));
    }
    if (*name == '\0' || strpbrk(name, "@: ") != NULL) {
        ask_because(self, MX_ASK_NAME, self->localpart,
                    _("Write the name alone, without “@” and the server."));
        return;
    }
    g_free(self->localpart);
    self->localpart = g_steal_pointer(&name);
    reset_session(self);
    check_name(self);
}

static void take_password(MxRegister *self, const char *text)
{
    if (text == NULL || *text == '\0') {
        ask_because(self, MX_ASK_PASSWORD, NULL, _("The account needs a password."));
        return;
    }
    g_free(self->password);
    self->password = g_strdup(text);
    reset_session(self);
    if (mx_http_get_base_url(self->http) != NULL)
        post(self);
    else
        find_homeserver(self);
}

static void take_secret(MxRegister *self, const char *text)
{
    JsonObject *auth = mx_uia_answer(self->uia);
    JsonObject *identifier = json_object_new();
    json_object_set_string_member(identifier, "type", "m.id.user");
    json_object_set_string_member(identifier, "user", self->localpart);
    json_object_set_object_member(auth, "identifier", identifier);
    json_object_set_string_member(auth, "password", text != NULL ? text : "");
    post_auth(self, auth, TRUE);
}

static void on_token_checked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxRegister) self = user_data;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    if (self->funcs == NULL)
        return;
    gsize len = 0;
    const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "";
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    if (answer != NULL && !mx_json_bool(answer, "valid", TRUE)) {
        ask_because(self, MX_ASK_TOKEN, NULL, _("This token is not valid, or not any more."));
        return;
    }
    /* A server that cannot tell beforehand tells now. */
    JsonObject *auth = mx_uia_answer(self->uia);
    json_object_set_string_member(auth, "token", self->token);
    post_auth(self, auth, TRUE);
}

static void take_token(MxRegister *self, const char *text)
{
    g_free(self->token);
    self->token = g_strstrip(g_strdup(text != NULL ? text : ""));
    if (*self->token == '\0') {
        ask_because(self, MX_ASK_TOKEN, NULL, _("Without a token there is no account."));
        return;
    }
    g_autoptr(MxRequest) request = mx_endpoint_token_validity(self->token);
    mx_request_set_rate_limit_retries(request, 1);
    mx_http_send_async(self->http, request, self->cancellable, on_token_checked,
                       g_object_ref(self));
}

static void on_mailed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxRegister) self = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (self->funcs == NULL)
        return;
    gsize len = 0;
    const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "";
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
    const char *sid = mx_json_string(answer, "sid");
    if (sid != NULL) {
        self->sid = g_strdup(sid);
        ask(self, MX_ASK_LINK, self->email, NULL);
        return;
    }
    g_autofree char *words =
        mx_error_is_transient(error) ? explain_network(error) : quote_server(error);
    ask_because(self, MX_ASK_EMAIL, self->email,
                words != NULL ? words : _("The homeserver could not send a mail there."));
}

static void take_email(MxRegister *self, const char *text)
{
    g_autofree char *email = g_strstrip(g_strdup(text != NULL ? text : ""));
    const char *at = strchr(email, '@');
    if (at == NULL || at == email || at[1] == '\0' || strpbrk(email, " \t,;") != NULL) {
        ask_because(self, MX_ASK_EMAIL, email, _("This is no e-mail address."));
        return;
    }
    g_free(self->email);
    self->email = g_steal_pointer(&email);
    g_clear_pointer(&self->sid, g_free);
    if (self->client_secret == NULL)
        self->client_secret = g_uuid_string_random();
    g_autoptr(MxRequest) request =
        mx_endpoint_register_email(self->client_secret, self->email, ++self->attempt);
    mx_http_send_async(self->http, request, self->cancellable, on_mailed, g_object_ref(self));
}

static void take_link(MxRegister *self)
{
    JsonObject *auth = mx_uia_answer(self->uia);
    JsonObject *credentials = json_object_new();
    json_object_set_string_member(credentials, "sid", self->sid);
    json_object_set_string_member(credentials, "client_secret", self->client_secret);
    json_object_set_object_member(auth, "threepid_creds", credentials);
    post_auth(self, auth, TRUE);
}

void mx_register_ask_address(MxRegister *self)
{
    if (!self->is_asking || self->asking != MX_ASK_LINK || self->funcs == NULL)
        return;
    ask(self, MX_ASK_EMAIL, self->email, NULL);
}

void mx_register_repeat(MxRegister *self, const char *problem)
{
    if (!self->is_asking || self->funcs == NULL)
        return;
    g_free(self->problem);
    self->problem = g_strdup(problem);
    if (self->asking == MX_ASK_PASSWORD)
        ask(self, MX_ASK_PASSWORD, NULL, NULL);
    else if (self->asking == MX_ASK_TERMS || self->asking == MX_ASK_PAGE)
        ask_stage(self, mx_uia_get_kind(self->uia));
}

void mx_register_answer(MxRegister *self, const char *text)
{
    if (!self->is_asking || self->funcs == NULL)
        return;
    self->is_asking = FALSE;
    switch (self->asking) {
    case MX_ASK_NAME:
        take_name(self, text);
        break;
    case MX_ASK_PASSWORD:
        take_password(self, text);
        break;
    case MX_ASK_SECRET:
        take_secret(self, text);
        break;
    case MX_ASK_TOKEN:
        take_token(self, text);
        break;
    case MX_ASK_EMAIL:
        take_email(self, text);
        break;
    case MX_ASK_LINK:
        take_link(self);
        break;
    case MX_ASK_TERMS:
    case MX_ASK_PAGE:
        post_auth(self, mx_uia_answer(self->uia), TRUE);
        break;
    case MX_ASK_AGAIN:
        self->again(self);
        break;
    }
}

/* ---- the object ---- */

gboolean mx_register_is_uncertain(MxRegister *self)
{
    return self->is_lost || self->is_created || (self->is_posting && mx_uia_is_last(self->uia));
}

const char *mx_register_get_localpart(MxRegister *self)
{
    return self->localpart;
}

const char *mx_register_get_password(MxRegister *self)
{
    return self->password;
}

const char *mx_register_get_base_url(MxRegister *self)
{
    return self->http != NULL ? mx_http_get_base_url(self->http) : NULL;
}

static char *copy_text(const char *text)
{
    return text != NULL && *text != '\0' ? g_strdup(text) : NULL;
}

MxRegister *mx_register_new(const MxClientConfig *config, const MxRegisterFuncs *funcs,
                            gpointer user_data)
{
    MxRegister *self = g_object_new(MX_TYPE_REGISTER, NULL);
    self->user = g_strdup(config->user != NULL ? config->user : "");
    self->home_server = copy_text(config->home_server);
    self->password = copy_text(config->password);
    self->user_agent = g_strdup(config->user_agent);
    self->proxy = config->proxy;
    self->proxy_uri = g_strdup(config->proxy_uri);
    self->ca_file = copy_text(config->ca_file);
    self->funcs = funcs;
    self->user_data = user_data;
    return self;
}

static void mx_register_finalize(GObject *object)
{
    MxRegister *self = MX_REGISTER(object);
    char *texts[] = {self->user,          self->localpart, self->server_name, self->home_server,
                     self->password,      self->proxy_uri, self->user_agent,  self->ca_file,
                     self->problem,       self->user_id,   self->token,       self->email,
                     self->client_secret, self->sid};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_clear_pointer(&self->uia, mx_uia_free);
    g_clear_pointer(&self->auth, json_object_unref);
    g_clear_object(&self->http);
    g_clear_object(&self->cancellable);
    G_OBJECT_CLASS(mx_register_parent_class)->finalize(object);
}

static void mx_register_class_init(MxRegisterClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = mx_register_finalize;
}

static void mx_register_init(MxRegister *self)
{
    self->cancellable = g_cancellable_new();
}
