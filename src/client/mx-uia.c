/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-uia.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-uri.h"

#define MAX_FLOWS 50
#define MAX_STAGES 20
#define MAX_POLICIES 20
#define MAX_STAGE_LEN 255
#define MAX_URL_LEN 1000
/* Dearer than any number of stages that are asked here. */
#define COST_OF_PAGE 100

struct _MxUia {
    char *session, *stage, *tried, *problem;
    JsonObject *params; /* of all stages, or NULL */
    guint left;         /* stages of the chosen flow */
    gboolean has_failed;
};

static const struct {
    const char *stage;
    MxUiaKind kind;
} kinds[] = {
    {"m.login.dummy", MX_UIA_DUMMY},
    {"m.login.password", MX_UIA_PASSWORD},
    {"m.login.registration_token", MX_UIA_TOKEN},
    {"org.matrix.msc3231.login.registration_token", MX_UIA_TOKEN},
    {"m.login.terms", MX_UIA_TERMS},
    {"m.login.email.identity", MX_UIA_EMAIL},
};

MxUia *mx_uia_new(void)
{
    return g_new0(MxUia, 1);
}

void mx_uia_free(MxUia *uia)
{
    if (uia == NULL)
        return;
    g_free(uia->session);
    g_free(uia->stage);
    g_free(uia->tried);
    g_free(uia->problem);
    g_clear_pointer(&uia->params, json_object_unref);
    g_free(uia);
}

static MxUiaKind find_kind(const char *stage)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].stage, stage))
            return kinds[i].kind;
    return MX_UIA_PAGE;
}

/* ---- the choice ---- */

static gboolean is_completed(JsonArray *completed, const char *stage)
{
    for (guint i = 0; i < mx_json_array_length(completed); i++)
        if (g_strcmp0(mx_json_array_string(completed, i), stage) == 0)
            return TRUE;
    return FALSE;
}

typedef struct {
    const char *next; /* borrowed, or NULL */
    guint left, cost;
} Flow;

/* FALSE: nobody can do this flow. */
static gboolean weigh(JsonArray *stages, JsonArray *completed, Flow *flow)
{
    guint length = mx_json_array_length(stages);
    *flow = (Flow){0};
    if (length > MAX_STAGES)
        return FALSE;
    for (guint i = 0; i < length; i++) {
        const char *stage = mx_json_array_string(stages, i);
        if (stage == NULL || *stage == '\0' || strlen(stage) > MAX_STAGE_LEN)
            return FALSE;
        if (is_completed(completed, stage))
            continue;
        if (flow->next == NULL)
            flow->next = stage;
        flow->left++;
        flow->cost += find_kind(stage) == MX_UIA_PAGE ? COST_OF_PAGE : 1;
    }
    return flow->next != NULL;
}

static gboolean choose(JsonObject *challenge, Flow *best)
{
    JsonArray *flows = mx_json_array(challenge, "flows");
    JsonArray *completed = mx_json_array(challenge, "completed");
    guint length = MIN(mx_json_array_length(flows), MAX_FLOWS);
    gboolean is_found = FALSE;
    for (guint i = 0; i < length; i++) {
        Flow flow;
        JsonObject *offer = mx_json_array_object(flows, i);
        if (!weigh(mx_json_array(offer, "stages"), completed, &flow))
            continue;
        if (!is_found || flow.cost < best->cost)
            *best = flow;
        is_found = TRUE;
    }
    return is_found;
}

gboolean mx_uia_take(MxUia *uia, JsonObject *challenge, GError **error)
{
    Flow flow = {0};
    const char *session = mx_json_string(challenge, "session");
    JsonObject *params = mx_json_object(challenge, "params");
    if (!choose(challenge, &flow)) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("What the homeserver asks for cannot be understood."));
        return FALSE;
    }
    g_free(uia->stage);
    uia->stage = g_strdup(flow.next);
    uia->left = flow.left;
    uia->has_failed = g_strcmp0(uia->tried, uia->stage) == 0;
    g_clear_pointer(&uia->tried, g_free);
    g_free(uia->problem);
    uia->problem = uia->has_failed ? g_strdup(mx_json_string(challenge, "error")) : NULL;
    if (session != NULL) {
        g_free(uia->session);
        uia->session = g_strdup(session);
    }
    if (params != NULL) {
        g_clear_pointer(&uia->params, json_object_unref);
        uia->params = json_object_ref(params);
    }
    return TRUE;
}

/* Nobody agrees to what cannot be shown: then the server's own page does it. */
static gboolean can_show_policies(MxUia *uia)
{
    JsonObject *policies = mx_json_object(mx_json_object(uia->params, uia->stage), "policies");
    g_autoptr(GPtrArray) list = mx_uia_list_policies(uia, NULL);
    return policies != NULL && list->len > 0 && list->len == json_object_get_size(policies);
}

MxUiaKind mx_uia_get_kind(MxUia *uia)
{
    MxUiaKind kind = find_kind(uia->stage);
    return kind == MX_UIA_TERMS && !can_show_policies(uia) ? MX_UIA_PAGE : kind;
}

const char *mx_uia_get_stage(MxUia *uia)
{
    return uia->stage;
}

const char *mx_uia_get_session(MxUia *uia)
{
    return uia->session;
}

gboolean mx_uia_has_failed(MxUia *uia)
{
    return uia->has_failed;
}

const char *mx_uia_get_problem(MxUia *uia)
{
    return uia->problem;
}

gboolean mx_uia_is_last(MxUia *uia)
{
    return uia->left <= 1;
}

JsonObject *mx_uia_answer(MxUia *uia)
{
    JsonObject *auth = json_object_new();
    g_free(uia->tried);
    uia->tried = g_strdup(uia->stage);
    if (mx_uia_get_kind(uia) != MX_UIA_PAGE)
        json_object_set_string_member(auth, "type", uia->stage);
    if (uia->session != NULL)
        json_object_set_string_member(auth, "session", uia->session);
    return auth;
}

/* ---- policies ---- */

static void policy_free(gpointer data)
{
    MxPolicy *policy = data;
    g_free(policy->name);
    g_free(policy->url);
    g_free(policy);
}

static gboolean is_usable_link(const char *url)
{
    if (url == NULL || strlen(url) > MAX_URL_LEN)
        return FALSE;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri != NULL ? g_uri_get_scheme(uri) : "";
    return g_str_equal(scheme, "https") || g_str_equal(scheme, "http");
}

static JsonObject *find_translation(JsonObject *policy, const char *const *languages)
{
    JsonObject *found = NULL;
    for (guint i = 0; languages != NULL && languages[i] != NULL && found == NULL; i++)
        found = mx_json_object(policy, languages[i]);
    if (found == NULL)
        found = mx_json_object(policy, "en");
    if (found != NULL)
        return found;
    g_autoptr(GList) names = json_object_get_members(policy);
    for (GList *at = names; at != NULL && found == NULL; at = at->next)
        found = mx_json_object(policy, at->data);
    return found;
}

GPtrArray *mx_uia_list_policies(MxUia *uia, const char *const *languages)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(policy_free);
    JsonObject *policies = mx_json_object(mx_json_object(uia->params, uia->stage), "policies");
    g_autoptr(GList) ids = policies != NULL ? json_object_get_members(policies) : NULL;
    for (GList *at = ids; at != NULL && list->len < MAX_POLICIES; at = at->next) {
        JsonObject *policy = mx_json_object(policies, at->data);
        JsonObject *text = policy != NULL ? find_translation(policy, languages) : NULL;
        const char *name = mx_json_string(text, "name");
        const char *url = mx_json_string(text, "url");
        if (!is_usable_link(url))
            continue;
        MxPolicy *entry = g_new0(MxPolicy, 1);
        entry->name = g_strdup(name != NULL && *name != '\0' ? name : at->data);
        entry->url = g_strdup(url);
        g_ptr_array_add(list, entry);
    }
    return list;
}
