/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-endpoints-crypto.h"

#include "mx-uri.h"

#define SEGMENTS(...) ((const char *const[]){"_matrix", "client", "v3", __VA_ARGS__, NULL})

static MxRequest *new_request(const char *method, const char *const *segments, const char *body)
{
    g_autofree char *path = mx_uri_build(NULL, segments, NULL);
    MxRequest *request = mx_request_new(method, path, body);
    mx_request_set_rate_limit_retries(request, 0);
    return request;
}

MxRequest *mx_endpoint_keys_upload(const char *body)
{
    return new_request("POST", SEGMENTS("keys", "upload"), body);
}

MxRequest *mx_endpoint_keys_query(const char *body)
{
    return new_request("POST", SEGMENTS("keys", "query"), body);
}

MxRequest *mx_endpoint_keys_claim(const char *body)
{
    return new_request("POST", SEGMENTS("keys", "claim"), body);
}

MxRequest *mx_endpoint_send_to_device(const char *type, const char *txn_id, const char *body)
{
    return new_request("PUT", SEGMENTS("sendToDevice", type, txn_id), body);
}

MxRequest *mx_endpoint_signatures_upload(const char *body)
{
    return new_request("POST", SEGMENTS("keys", "signatures", "upload"), body);
}

MxRequest *mx_endpoint_device_signing_upload(const char *body)
{
    MxRequest *request = new_request("POST", SEGMENTS("keys", "device_signing", "upload"), body);
    mx_request_set_takes_challenge(request, TRUE);
    return request;
}
