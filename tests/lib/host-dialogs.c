/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-private.h"

#include <string.h>

/* Requests and notifications: each one waits in a list until it is answered or libpurple takes it
 * back. The list's element is the "ui handle", which must not be NULL or libpurple forgets the
 * dialog. */

typedef struct {
    char *label;
    GCallback callback;
    int value; /* of a choice */
} Button;

typedef struct {
    guint number; /* 0: a notification */
    const char *kind;
    PurpleRequestType request_type;
    PurpleNotifyType notify_type;
    gboolean is_authorize;
    GArray *buttons; /* Button */
    GArray *choices; /* Button without callback */
    PurpleRequestFields *fields;
    PurpleNotifySearchResults *results;
    PurpleConnection *gc; /* of the results */
    JsonObject *event;
    void *user_data;
} Dialog;

static GList *dialogs;
static guint last_number;

static void clear_button(gpointer data)
{
    g_free(((Button *)data)->label);
}

static Dialog *dialog_new(const char *kind)
{
    Dialog *dialog = g_new0(Dialog, 1);

    dialog->kind = kind;
    dialog->buttons = g_array_new(FALSE, TRUE, sizeof(Button));
    dialog->choices = g_array_new(FALSE, TRUE, sizeof(Button));
    g_array_set_clear_func(dialog->buttons, clear_button);
    g_array_set_clear_func(dialog->choices, clear_button);
    dialogs = g_list_append(dialogs, dialog);
    return dialog;
}

void host_dialogs_forget(void *handle)
{
    Dialog *dialog = handle;

    if (g_list_find(dialogs, dialog) == NULL)
        return;
    dialogs = g_list_remove(dialogs, dialog);
    if (dialog->number != 0) {
        JsonObject *event = host_event_new("request-closed");
        json_object_set_int_member(event, "request", dialog->number);
        host_emit(event);
    }
    g_array_unref(dialog->buttons);
    g_array_unref(dialog->choices);
    if (dialog->fields != NULL)
        purple_request_fields_destroy(dialog->fields);
    if (dialog->results != NULL)
        purple_notify_searchresults_free(dialog->results);
    g_clear_pointer(&dialog->event, json_object_unref);
    g_free(dialog);
}

/* The mnemonic's underscore is no part of what a user reads. */
static char *plain_label(const char *label)
{
    GString *plain = g_string_new(NULL);

    for (const char *p = label ? label : ""; *p != '\0'; p++) {
        if (*p != '_')
            g_string_append_c(plain, *p);
    }
    return g_string_free(plain, FALSE);
}

static void add_button(GArray *buttons, const char *label, GCallback callback, int value)
{
    Button button = {plain_label(label), callback, value};

    g_array_append_val(buttons, button);
}

static JsonArray *labels_to_json(GArray *buttons)
{
    JsonArray *labels = json_array_new();

    for (guint i = 0; i < buttons->len; i++)
        json_array_add_string_element(labels, g_array_index(buttons, Button, i).label);
    return labels;
}

static void announce(Dialog *dialog, const char *title, const char *primary, const char *secondary,
                     PurpleAccount *account, JsonObject *extra)
{
    JsonObject *event = host_event_new("request");

    dialog->number = ++last_number;
    json_object_set_int_member(event, "request", dialog->number);
    json_object_set_string_member(event, "kind", dialog->kind);
    host_set_text(event, "title", title);
    host_set_text(event, "primary", primary);
    host_set_text(event, "secondary", secondary);
    host_set_text(event, "username", account ? purple_account_get_username(account) : NULL);
    json_object_set_array_member(event, "buttons", labels_to_json(dialog->buttons));
    if (dialog->choices->len > 0)
        json_object_set_array_member(event, "choices", labels_to_json(dialog->choices));
    if (extra != NULL)
        json_object_set_object_member(event, "details", extra);
    dialog->event = json_object_ref(event);
    host_emit(event);
}

/* ---- requests ---- */

static void *request_input(const char *title, const char *primary, const char *secondary,
                           const char *default_value, gboolean multiline, gboolean masked,
                           gchar *hint, const char *ok_text, GCallback ok_cb,
                           const char *cancel_text, GCallback cancel_cb, PurpleAccount *account,
                           const char *who, PurpleConversation *conv, void *user_data)
{
    Dialog *dialog = dialog_new("input");
    JsonObject *extra = json_object_new();

    dialog->request_type = PURPLE_REQUEST_INPUT;
    dialog->user_data = user_data;
    add_button(dialog->buttons, ok_text, ok_cb, 0);
    add_button(dialog->buttons, cancel_text, cancel_cb, 0);
    host_set_text(extra, "default", default_value);
    json_object_set_boolean_member(extra, "masked", masked);
    json_object_set_boolean_member(extra, "multiline", multiline);
    announce(dialog, title, primary, secondary, account, extra);
    return dialog;
}

static void *request_choice(const char *title, const char *primary, const char *secondary,
                            int default_value, const char *ok_text, GCallback ok_cb,
                            const char *cancel_text, GCallback cancel_cb, PurpleAccount *account,
                            const char *who, PurpleConversation *conv, void *user_data,
                            va_list choices)
{
    Dialog *dialog = dialog_new("choice");
    const char *text;

    dialog->request_type = PURPLE_REQUEST_CHOICE;
    dialog->user_data = user_data;
    add_button(dialog->buttons, ok_text, ok_cb, 0);
    add_button(dialog->buttons, cancel_text, cancel_cb, 0);
    while ((text = va_arg(choices, const char *)) != NULL)
        add_button(dialog->choices, text, NULL, va_arg(choices, int));
    announce(dialog, title, primary, secondary, account, NULL);
    return dialog;
}

static void *request_action(const char *title, const char *primary, const char *secondary,
                            int default_action, PurpleAccount *account, const char *who,
                            PurpleConversation *conv, void *user_data, size_t action_count,
                            va_list actions)
{
    Dialog *dialog = dialog_new("action");

    dialog->request_type = PURPLE_REQUEST_ACTION;
    dialog->user_data = user_data;
    for (size_t i = 0; i < action_count; i++) {
        const char *text = va_arg(actions, const char *);
        GCallback callback = va_arg(actions, GCallback);
        add_button(dialog->buttons, text, callback, (int)i);
    }
    announce(dialog, title, primary, secondary, account, NULL);
    return dialog;
}

static void *request_action_with_icon(const char *title, const char *primary, const char *secondary,
                                      int default_action, PurpleAccount *account, const char *who,
                                      PurpleConversation *conv, gconstpointer icon_data,
                                      gsize icon_size, void *user_data, size_t action_count,
                                      va_list actions)
{
    return request_action(title, primary, secondary, default_action, account, who, conv, user_data,
                          action_count, actions);
}

static const char *field_type_name(PurpleRequestFieldType type)
{
    static const char *const names[] = {"none", "string", "integer", "boolean", "choice",
                                        "list", "label",  "image",   "account"};

    return (guint)type < G_N_ELEMENTS(names) ? names[type] : "unknown";
}

static JsonObject *field_to_json(PurpleRequestField *field)
{
    JsonObject *json = json_object_new();
    PurpleRequestFieldType type = purple_request_field_get_type(field);

    host_set_text(json, "id", purple_request_field_get_id(field));
    host_set_text(json, "label", purple_request_field_get_label(field));
    json_object_set_string_member(json, "type", field_type_name(type));
    json_object_set_boolean_member(json, "required", purple_request_field_is_required(field));
    if (type == PURPLE_REQUEST_FIELD_STRING) {
        host_set_text(json, "value", purple_request_field_string_get_value(field));
        json_object_set_boolean_member(json, "masked",
                                       purple_request_field_string_is_masked(field));
    } else if (type == PURPLE_REQUEST_FIELD_BOOLEAN) {
        json_object_set_boolean_member(json, "value", purple_request_field_bool_get_value(field));
    } else if (type == PURPLE_REQUEST_FIELD_INTEGER) {
        json_object_set_int_member(json, "value", purple_request_field_int_get_value(field));
    } else if (type == PURPLE_REQUEST_FIELD_IMAGE) {
        g_autofree char *image =
            g_base64_encode((const guchar *)purple_request_field_image_get_buffer(field),
                            purple_request_field_image_get_size(field));
        json_object_set_string_member(json, "value", image);
    }
    return json;
}

typedef gboolean (*FieldFunc)(PurpleRequestField *field, gpointer data);

/* Stops when func gives FALSE. */
static void for_each_field(PurpleRequestFields *fields, FieldFunc func, gpointer data)
{
    for (GList *g = purple_request_fields_get_groups(fields); g != NULL; g = g->next) {
        for (GList *f = purple_request_field_group_get_fields(g->data); f != NULL; f = f->next) {
            if (!func(f->data, data))
                return;
        }
    }
}

static gboolean collect_field(PurpleRequestField *field, gpointer data)
{
    json_array_add_object_element(data, field_to_json(field));
    return TRUE;
}

static void *request_fields(const char *title, const char *primary, const char *secondary,
                            PurpleRequestFields *fields, const char *ok_text, GCallback ok_cb,
                            const char *cancel_text, GCallback cancel_cb, PurpleAccount *account,
                            const char *who, PurpleConversation *conv, void *user_data)
{
    Dialog *dialog = dialog_new("fields");
    JsonObject *extra = json_object_new();
    JsonArray *list = json_array_new();

    dialog->request_type = PURPLE_REQUEST_FIELDS;
    dialog->user_data = user_data;
    dialog->fields = fields;
    add_button(dialog->buttons, ok_text, ok_cb, 0);
    add_button(dialog->buttons, cancel_text, cancel_cb, 0);
    for_each_field(fields, collect_field, list);
    json_object_set_array_member(extra, "fields", list);
    announce(dialog, title, primary, secondary, account, extra);
    return dialog;
}

static void *request_path(const char *kind, PurpleRequestType type, const char *title,
                          const char *name, GCallback ok_cb, GCallback cancel_cb,
                          PurpleAccount *account, void *user_data)
{
    Dialog *dialog = dialog_new(kind);
    JsonObject *extra = json_object_new();

    dialog->request_type = type;
    dialog->user_data = user_data;
    add_button(dialog->buttons, "OK", ok_cb, 0);
    add_button(dialog->buttons, "Cancel", cancel_cb, 0);
    host_set_text(extra, "default", name);
    announce(dialog, title, NULL, NULL, account, extra);
    return dialog;
}

static void *request_file(const char *title, const char *filename, gboolean savedialog,
                          GCallback ok_cb, GCallback cancel_cb, PurpleAccount *account,
                          const char *who, PurpleConversation *conv, void *user_data)
{
    return request_path("file", PURPLE_REQUEST_FILE, title, filename, ok_cb, cancel_cb, account,
                        user_data);
}

static void *request_folder(const char *title, const char *dirname, GCallback ok_cb,
                            GCallback cancel_cb, PurpleAccount *account, const char *who,
                            PurpleConversation *conv, void *user_data)
{
    return request_path("folder", PURPLE_REQUEST_FOLDER, title, dirname, ok_cb, cancel_cb, account,
                        user_data);
}

static void close_request(PurpleRequestType type, void *ui_handle)
{
    host_dialogs_forget(ui_handle);
}

static PurpleRequestUiOps request_ops = {
    .request_input = request_input,
    .request_choice = request_choice,
    .request_action = request_action,
    .request_fields = request_fields,
    .request_file = request_file,
    .close_request = close_request,
    .request_folder = request_folder,
    .request_action_with_icon = request_action_with_icon,
};

void *host_authorize_request(const char *who, const char *alias, const char *message,
                             GCallback authorize, GCallback deny, void *user_data)
{
    Dialog *dialog = dialog_new("authorize");

    dialog->is_authorize = TRUE;
    dialog->user_data = user_data;
    add_button(dialog->buttons, "Authorize", authorize, 0);
    add_button(dialog->buttons, "Deny", deny, 0);
    announce(dialog, who, alias, message, NULL, NULL);
    return dialog;
}

/* ---- pressing ---- */

static Dialog *find_request(guint number)
{
    for (GList *l = dialogs; l != NULL; l = l->next) {
        Dialog *dialog = l->data;
        if (dialog->number == number && number != 0)
            return dialog;
    }
    return NULL;
}

static Button *find_button(GArray *buttons, const char *label, GError **error)
{
    for (guint i = 0; i < buttons->len; i++) {
        Button *button = &g_array_index(buttons, Button, i);
        if (g_strcmp0(button->label, label) == 0)
            return button;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no button or choice \"%s\"", label);
    return NULL;
}

typedef struct {
    const char *input;
    JsonObject *inputs;
} Filling;

static const char *filling_for(Filling *filling, PurpleRequestField *field)
{
    const char *id = purple_request_field_get_id(field);
    const char *text = NULL;

    if (filling->inputs != NULL && json_object_has_member(filling->inputs, id))
        return json_object_get_string_member(filling->inputs, id);
    if (purple_request_field_get_type(field) == PURPLE_REQUEST_FIELD_STRING) {
        text = filling->input;
        filling->input = NULL;
    }
    return text;
}

static gboolean fill_field(PurpleRequestField *field, gpointer data)
{
    const char *text = filling_for(data, field);

    if (text == NULL)
        return TRUE;
    switch (purple_request_field_get_type(field)) {
    case PURPLE_REQUEST_FIELD_STRING:
        purple_request_field_string_set_value(field, text);
        break;
    case PURPLE_REQUEST_FIELD_INTEGER:
        purple_request_field_int_set_value(field, atoi(text));
        break;
    case PURPLE_REQUEST_FIELD_BOOLEAN:
        purple_request_field_bool_set_value(field, g_strcmp0(text, "true") == 0);
        break;
    case PURPLE_REQUEST_FIELD_CHOICE:
        purple_request_field_choice_set_value(field, atoi(text));
        break;
    default:
        break;
    }
    return TRUE;
}

static gboolean call_choice(Dialog *dialog, Button *button, const char *input, GError **error)
{
    Button *choice = NULL;

    if (input == NULL && dialog->choices->len > 0)
        choice = &g_array_index(dialog->choices, Button, 0);
    else
        choice = find_button(dialog->choices, input, error);
    if (choice == NULL)
        return FALSE;
    ((PurpleRequestChoiceCb)button->callback)(dialog->user_data, choice->value);
    return TRUE;
}

static gboolean call_button(Dialog *dialog, Button *button, const char *input, JsonObject *inputs,
                            GError **error)
{
    Filling filling = {input, inputs};

    if (button->callback == NULL)
        return TRUE;
    if (dialog->is_authorize) {
        ((PurpleAccountRequestAuthorizationCb)button->callback)(dialog->user_data);
        return TRUE;
    }
    switch (dialog->request_type) {
    case PURPLE_REQUEST_CHOICE:
        return call_choice(dialog, button, input, error);
    case PURPLE_REQUEST_ACTION:
        ((PurpleRequestActionCb)button->callback)(dialog->user_data, button->value);
        return TRUE;
    case PURPLE_REQUEST_FIELDS:
        for_each_field(dialog->fields, fill_field, &filling);
        ((PurpleRequestFieldsCb)button->callback)(dialog->user_data, dialog->fields);
        return TRUE;
    default: /* input, file and folder have the same form */
        ((PurpleRequestInputCb)button->callback)(dialog->user_data, input);
        return TRUE;
    }
}

gboolean host_press(guint request, const char *label, const char *input, JsonObject *inputs,
                    GError **error)
{
    Dialog *dialog = find_request(request);
    Button *button;

    if (dialog == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no request %u", request);
        return FALSE;
    }
    button = find_button(dialog->buttons, label, error);
    if (button == NULL || !call_button(dialog, button, input, inputs, error))
        return FALSE;
    /* The callback may have ended the connection and with it the dialog. */
    dialog = find_request(request);
    if (dialog == NULL)
        return TRUE;
    if (dialog->is_authorize)
        host_dialogs_forget(dialog);
    else
        purple_request_close(dialog->request_type, dialog);
    return TRUE;
}

JsonArray *host_requests_to_json(void)
{
    JsonArray *list = json_array_new();

    for (GList *l = dialogs; l != NULL; l = l->next) {
        Dialog *dialog = l->data;
        if (dialog->number != 0)
            json_array_add_object_element(list, json_object_ref(dialog->event));
    }
    return list;
}

/* ---- notifications ---- */

static Dialog *notify_new(const char *kind, PurpleNotifyType type, JsonObject **event)
{
    Dialog *dialog = dialog_new(kind);

    dialog->notify_type = type;
    *event = host_event_new(type == PURPLE_NOTIFY_URI ? "uri" : "notify");
    json_object_set_string_member(*event, "kind", kind);
    return dialog;
}

static void set_texts(JsonObject *event, const char *title, const char *primary,
                      const char *secondary)
{
    host_set_text(event, "title", title);
    host_set_text(event, "primary", primary);
    host_set_text(event, "secondary", secondary);
}

static void *notify_message(PurpleNotifyMsgType type, const char *title, const char *primary,
                            const char *secondary)
{
    static const char *const levels[] = {"error", "warning", "info"};
    JsonObject *event;
    Dialog *dialog = notify_new("message", PURPLE_NOTIFY_MESSAGE, &event);

    json_object_set_string_member(event, "level", type < 3 ? levels[type] : "?");
    set_texts(event, title, primary, secondary);
    host_emit(event);
    return dialog;
}

static void *notify_formatted(const char *title, const char *primary, const char *secondary,
                              const char *text)
{
    JsonObject *event;
    Dialog *dialog = notify_new("formatted", PURPLE_NOTIFY_FORMATTED, &event);

    set_texts(event, title, primary, secondary);
    host_set_text(event, "text", text);
    host_emit(event);
    return dialog;
}

static JsonArray *strings_to_json(GList *strings)
{
    JsonArray *array = json_array_new();

    for (GList *l = strings; l != NULL; l = l->next)
        json_array_add_string_element(array, l->data ? l->data : "");
    return array;
}

static void set_results(JsonObject *event, PurpleNotifySearchResults *results)
{
    JsonArray *columns = json_array_new();
    JsonArray *rows = json_array_new();

    for (GList *l = results->columns; l != NULL; l = l->next)
        json_array_add_string_element(columns, ((PurpleNotifySearchColumn *)l->data)->title);
    for (GList *l = results->rows; l != NULL; l = l->next)
        json_array_add_array_element(rows, strings_to_json(l->data));
    json_object_set_array_member(event, "columns", columns);
    json_object_set_array_member(event, "rows", rows);
}

static void *notify_searchresults(PurpleConnection *gc, const char *title, const char *primary,
                                  const char *secondary, PurpleNotifySearchResults *results,
                                  gpointer user_data)
{
    JsonObject *event;
    Dialog *dialog = notify_new("searchresults", PURPLE_NOTIFY_SEARCHRESULTS, &event);

    dialog->results = results;
    dialog->gc = gc;
    dialog->user_data = user_data;
    set_texts(event, title, primary, secondary);
    set_results(event, results);
    host_emit(event);
    return dialog;
}

static Dialog *find_results(void)
{
    for (GList *l = g_list_last(dialogs); l != NULL; l = l->prev)
        if (((Dialog *)l->data)->results != NULL)
            return l->data;
    return NULL;
}

guint host_result_rows(void)
{
    Dialog *dialog = find_results();

    return dialog != NULL ? g_list_length(dialog->results->rows) : 0;
}

static char *row_button_label(const PurpleNotifySearchButton *button)
{
    switch (button->type) {
    case PURPLE_NOTIFY_BUTTON_ADD:
        return g_strdup("Add");
    case PURPLE_NOTIFY_BUTTON_IM:
        return g_strdup("IM");
    case PURPLE_NOTIFY_BUTTON_INFO:
        return g_strdup("Info");
    default:
        return plain_label(button->label);
    }
}

gboolean host_press_row(guint row, const char *label)
{
    Dialog *dialog = find_results();
    GList *cells = dialog != NULL ? g_list_nth_data(dialog->results->rows, row) : NULL;

    for (GList *l = dialog ? dialog->results->buttons : NULL; l != NULL && cells; l = l->next) {
        PurpleNotifySearchButton *button = l->data;
        g_autofree char *plain = row_button_label(button);
        if (g_strcmp0(plain, label) != 0)
            continue;
        button->callback(dialog->gc, cells, dialog->user_data);
        return TRUE;
    }
    return FALSE;
}

static void notify_searchresults_new_rows(PurpleConnection *gc, PurpleNotifySearchResults *results,
                                          void *data)
{
    JsonObject *event = host_event_new("notify");

    json_object_set_string_member(event, "kind", "searchresults-rows");
    set_results(event, results);
    host_emit(event);
}

static void *notify_userinfo(PurpleConnection *gc, const char *who, PurpleNotifyUserInfo *info)
{
    JsonObject *event;
    Dialog *dialog = notify_new("userinfo", PURPLE_NOTIFY_USERINFO, &event);
    JsonObject *pairs = json_object_new();

    for (GList *l = purple_notify_user_info_get_entries(info); l != NULL; l = l->next) {
        const char *label = purple_notify_user_info_entry_get_label(l->data);
        host_set_text(pairs, label ? label : "-", purple_notify_user_info_entry_get_value(l->data));
    }
    host_set_text(event, "who", who);
    json_object_set_object_member(event, "pairs", pairs);
    host_emit(event);
    return dialog;
}

static void *notify_uri(const char *uri)
{
    JsonObject *event;
    Dialog *dialog = notify_new("uri", PURPLE_NOTIFY_URI, &event);

    host_set_text(event, "uri", uri);
    host_emit(event);
    return dialog;
}

static void close_notify(PurpleNotifyType type, void *ui_handle)
{
    host_dialogs_forget(ui_handle);
}

static PurpleNotifyUiOps notify_ops = {
    .notify_message = notify_message,
    .notify_formatted = notify_formatted,
    .notify_searchresults = notify_searchresults,
    .notify_searchresults_new_rows = notify_searchresults_new_rows,
    .notify_userinfo = notify_userinfo,
    .notify_uri = notify_uri,
    .close_notify = close_notify,
};

void host_dialogs_install(void)
{
    purple_request_set_ui_ops(&request_ops);
    purple_notify_set_ui_ops(&notify_ops);
}

/* A notification is closed by whoever reads it; a test reads the event instead. */
void host_dialogs_close(void)
{
    GList *copy = g_list_copy(dialogs);

    for (GList *l = copy; l != NULL; l = l->next) {
        Dialog *dialog = l->data;
        if (dialog->number == 0)
            purple_notify_close(dialog->notify_type, dialog);
    }
    g_list_free(copy);
}
