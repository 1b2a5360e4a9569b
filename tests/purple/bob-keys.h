/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A device of @bob:localhost, an answer to /keys/claim for it, and another one under the same ID;
 * signed. */
#define BOB_PHONE                                                                                  \
    "{\"algorithms\":[\"m.olm.v1.curve25519-aes-sha2\",\"m.megolm.v1.a"                            \
    "es-sha2\"],\"device_id\":\"PHONE\",\"user_id\":\"@bob:localhost\",\"ke"                       \
    "ys\":{\"curve25519:PHONE\":\"zo060cy2M+x7cMF4FKXHbs0CloUFDTRHRbo"                             \
    "Fhw5YfVk\",\"ed25519:PHONE\":\"iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb8"                             \
    "3SIAbQPb1w\"},\"signatures\":{\"@bob:localhost\":{\"ed25519:PHONE\""                          \
    ":\"20+7WmbTye+0PyCcf6D11O4QWbdNaIt5PgC/JViqp0dIx6epXnRi3u2okK"                                \
    "eT9H4b6Zwt2Qk93xcsaBprZnxEBQ\"}}}"

#define BOB_CLAIMED                                                                                \
    "{\"one_time_keys\":{\"@bob:localhost\":{\"PHONE\":{\"signed_curve25"                          \
    "519:AAAA\":{\"key\":\"F9IkzE14Dmmor3vfRu9JEKDT5CWvZWw0Vya0SFkfHz"                             \
    "E\",\"signatures\":{\"@bob:localhost\":{\"ed25519:PHONE\":\"3TeGhVM6"                         \
    "SZCs6401vjV8taDRZbrzlm1fVkcTLxvLy0GmrUGAYTDiUpW0xN4ZVH6nIUHP"                                 \
    "OF9z4pqIbPPjkYDUAQ\"}}}}}},\"failures\":{}}"

#define BOB_OTHER_PHONE                                                                            \
    "{\"algorithms\":[\"m.olm.v1.curve25519-aes-sha2\",\"m.megolm.v1.a"                            \
    "es-sha2\"],\"device_id\":\"PHONE\",\"user_id\":\"@bob:localhost\",\"ke"                       \
    "ys\":{\"curve25519:PHONE\":\"l8OxC01sEzp46l3MHPZCHT+Brjex9ijOFMp"                             \
    "vzncw8zM\",\"ed25519:PHONE\":\"Zr5+Myx6RTMyvZ0Kf32wVfXF7xoGraZtm"                             \
    "LOftoEMRzo\"},\"signatures\":{\"@bob:localhost\":{\"ed25519:PHONE\""                          \
    ":\"F4aLaM5MEGqgLIze780NEwFsPFackVMWJNbSAccs19t1Y3vnraAh8vrojA"                                \
    "BStzyEIpdhmktw0E3YrjXSCDCgCQ\"}}}"
