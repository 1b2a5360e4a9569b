/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-file-name.h"
#include "mx-image.h"
#include "mx-mxc.h"

/* The headers of pictures, and names and addresses of files. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MxImageInfo info = {0};
    if (mx_image_sniff(data, size, &info))
        g_assert_true(info.mimetype != NULL && info.width > 0 && info.height > 0);

    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *safe = mx_file_name_make_safe(text);
    g_assert_true(*safe != '\0' && strlen(safe) <= MX_FILE_NAME_MAX);
    g_assert_true(g_utf8_validate(safe, -1, NULL));
    g_assert_null(strpbrk(safe, "/\\\n\r\t\x1b"));
    g_assert_true(strchr(".-~", safe[0]) == NULL);
    g_autofree char *again = mx_file_name_make_safe(safe);
    if (strlen(safe) < MX_FILE_NAME_MAX) /* a longest one may have got something before it */
        g_assert_cmpstr(again, ==, safe);

    g_autofree char *server = NULL;
    g_autofree char *id = NULL;
    if (mx_mxc_parse(text, &server, &id))
        g_assert_true(strpbrk(id, "/.?#%") == NULL && strpbrk(server, "/?#%") == NULL);
    return 0;
}
