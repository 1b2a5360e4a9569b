// SPDX-FileCopyrightText: The pidgin-matrix authors
// SPDX-License-Identifier: GPL-2.0-or-later
// Encrypted attachments by the specification's text ("Sending encrypted attachments") and WebCrypto, which browsers use
// for them. Nothing here is shared with the plugin.

import { webcrypto } from "node:crypto";

const AES = { name: "AES-CTR", length: 64 };

const toBase64 = (bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
const fromBase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
const hash = async (bytes) => new Uint8Array(await webcrypto.subtle.digest("SHA-256", bytes));

/** {bytes, file}: what is uploaded, and the EncryptedFile without its url. */
export async function encrypt(plain) {
    const counter = new Uint8Array(16);
    webcrypto.getRandomValues(counter.subarray(0, 8));
    const key = await webcrypto.subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["encrypt", "decrypt"]);
    const bytes = new Uint8Array(await webcrypto.subtle.encrypt({ ...AES, counter }, key, plain));
    const file = {
        v: "v2",
        key: await webcrypto.subtle.exportKey("jwk", key),
        iv: toBase64(counter),
        hashes: { sha256: toBase64(await hash(bytes)) },
    };
    return { bytes, file };
}

/** As strict as a browser: a key that WebCrypto would not import, or any other hash, is an error. */
export async function decrypt(bytes, file) {
    if (file.v !== "v2" || file.key.alg !== "A256CTR" || file.key.ext !== true) throw new Error("no EncryptedFile of v2");
    const counter = fromBase64(file.iv);
    if (counter.length !== 16 || counter.subarray(8).some((byte) => byte !== 0)) throw new Error("a wrong iv");
    if (file.hashes.sha256 !== toBase64(await hash(bytes))) throw new Error("a wrong hash");
    const key = await webcrypto.subtle.importKey("jwk", file.key, "AES-CTR", false, ["decrypt"]);
    return new Uint8Array(await webcrypto.subtle.decrypt({ ...AES, counter }, key, bytes));
}
