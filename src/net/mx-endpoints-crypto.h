/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-http.h"

/* What the encryption asks for ("End-to-End Encryption"). Bodies are JSON text, sent as it is. Rate
 * limits are not waited out inside: the encryption knows better what can wait. */

MxRequest *mx_endpoint_keys_upload(const char *body); /* POST /v3/keys/upload */
/* POST /v3/keys/query; its body has a time-out of its own for other homeservers. */
MxRequest *mx_endpoint_keys_query(const char *body);
MxRequest *mx_endpoint_keys_claim(const char *body); /* POST /v3/keys/claim; likewise */
/* PUT /v3/sendToDevice/{eventType}/{txnId} */
MxRequest *mx_endpoint_send_to_device(const char *type, const char *txn_id, const char *body);
/* POST /v3/keys/signatures/upload */
MxRequest *mx_endpoint_signatures_upload(const char *body);
/* POST /v3/keys/device_signing/upload; HTTP 401 is an answer */
MxRequest *mx_endpoint_device_signing_upload(const char *body);
