// SPDX-FileCopyrightText: The pidgin-matrix authors
// SPDX-License-Identifier: GPL-2.0-or-later
// A Matrix client with matrix-js-sdk and its Rust encryption, driven by JSON lines; see tests/server/peers.py.
//
// In: {"id": n, "cmd": name, ...}. Out: {"event": "reply", "id": n, "ok": bool, "result" or "error"}, and events
// "message" (again whenever what is known of it changes), "membership" and "sync". Its store lives as long as the
// process: "stop" and "start" are a restart of the client, the end of the process loses the device's keys.

import { createRequire } from "node:module";
import { readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { decrypt, encrypt } from "./attachment.mjs";
import { Wire } from "./wire.mjs";

const require = createRequire(process.env.MX_PEER_DIR + "/package.json");
// The SDK's log names much that nobody should read, and stdout is for JSON alone.
const complain = process.env.MX_PEER_DEBUG ? console.error : () => {};
for (const name of ["trace", "debug", "log", "info", "warn", "error"]) console[name] = complain;
require("fake-indexeddb/auto");
const sdk = require("matrix-js-sdk");
const api = require("matrix-js-sdk/lib/crypto-api/index.js");
const EXTENSIBLE = "matrix-js-sdk/lib/extensible_events_v1/";
const { PollStartEvent } = require(EXTENSIBLE + "PollStartEvent.js");
const { PollResponseEvent } = require(EXTENSIBLE + "PollResponseEvent.js");
const { PollEndEvent } = require(EXTENSIBLE + "PollEndEvent.js");
const { UserId } = require("./node_modules/@matrix-org/matrix-sdk-crypto-wasm/node.mjs");

const MEGOLM = { algorithm: "m.megolm.v1.aes-sha2" };
const wire = new Wire();
const verdicts = new Map(); // event ID -> what was said of it last
const encrypted = new Map(); // event ID -> its event, of this start of the client
let client = null;
let login = null; // {baseUrl, userId, accessToken, deviceId}
let password = null;
let secretKey = null; // of the secret storage
let isolation = new api.AllDevicesIsolationMode(false);

function put(value) {
    process.stdout.write(JSON.stringify(value) + "\n");
}

const crypto = () => client.getCrypto();

// Messages

function nameOf(list, value) {
    return Object.keys(list).find((key) => list[key] === value) ?? null;
}

async function describe(event) {
    const content = event.getContent();
    const wireContent = event.getWireContent();
    const isEncrypted = event.isEncrypted();
    const relation = wireContent["m.relates_to"];
    const told = {
        room: event.getRoomId(),
        event_id: event.getId(),
        sender: event.getSender(),
        time: event.getTs(),
        type: event.getType(),
        msgtype: content.msgtype ?? null,
        body: event.isDecryptionFailure() ? null : (content["m.new_content"]?.body ?? content.body ?? null),
        content: event.isDecryptionFailure() ? wireContent : content,
        edit_of: relation?.rel_type === "m.replace" ? relation.event_id : null,
        encrypted: isEncrypted,
        decrypted: isEncrypted && event.getClearContent() !== null && !event.isDecryptionFailure(),
        failure: event.decryptionFailureReason,
    };
    if (isEncrypted) {
        encrypted.set(told.event_id, event);
        told.session_id = wireContent.session_id;
        told.ciphertext = wireContent.ciphertext;
        const shield = told.decrypted ? await crypto().getEncryptionInfoForEvent(event) : null;
        told.shield = shield && nameOf(api.EventShieldColour, shield.shieldColour);
        told.shield_reason = shield && nameOf(api.EventShieldReason, shield.shieldReason);
    }
    return told;
}

async function tell(event) {
    if (!client) return;
    const isPending = event.isEncrypted() && !event.isDecryptionFailure() && event.getClearContent() === null;
    if (event.isState() || isPending || event.isSending() || event.getId().startsWith("~")) return;
    const told = await describe(event);
    const text = JSON.stringify(told);
    if (verdicts.get(told.event_id) === text) return;
    verdicts.set(told.event_id, text);
    put({ event: "message", ...told });
}

// What is known of devices and identities has changed, and with it perhaps what was to be warned of.
async function tellAgain() {
    for (const event of encrypted.values()) await tell(event);
}

// Verification

const requests = []; // of this start of the client, the oldest first
const shown = new Map(); // request -> what its verifier has to confirm

function tellVerification(request, more = {}) {
    put({
        event: "verification",
        number: requests.indexOf(request),
        user: request.otherUserId,
        device_id: request.otherDeviceId ?? null,
        room: request.roomId ?? null,
        phase: nameOf(api.VerificationPhase, request.phase),
        code: request.cancellationCode ?? null,
        ...more,
    });
}

function showSas(request, sas) {
    shown.set(request, sas);
    tellVerification(request, { emoji: sas.sas.emoji?.map(([, name]) => name), decimal: sas.sas.decimal });
}

function watchVerifier(request) {
    const { verifier } = request;
    if (!verifier || verifier.isWatched) return;
    verifier.isWatched = true;
    verifier.on(api.VerifierEvent.ShowSas, (sas) => showSas(request, sas));
    verifier.verify().catch((error) => complain(error));
}

function watchRequest(request) {
    requests.push(request);
    request.on(api.VerificationRequestEvent.Change, () => {
        watchVerifier(request);
        tellVerification(request);
    });
    tellVerification(request);
    return { number: requests.length - 1 };
}

// The client

const callbacks = {
    getSecretStorageKey: async ({ keys }) => {
        const id = await client.secretStorage.getDefaultKeyId();
        return secretKey ? [id in keys ? id : Object.keys(keys)[0], secretKey] : null;
    },
    cacheSecretStorageKey: (id, info, key) => (secretKey = key),
};

async function start({ key_requests = false } = {}) {
    client = sdk.createClient({ ...login, cryptoCallbacks: callbacks, fetchFn: wire.fetch });
    client.on("Room.timeline", (event) => tell(event));
    client.on("Room.localEchoUpdated", (event) => tell(event));
    client.on("Event.decrypted", (event) => tell(event));
    client.on(api.CryptoEvent.VerificationRequestReceived, watchRequest);
    client.on(api.CryptoEvent.DevicesUpdated, tellAgain);
    client.on(api.CryptoEvent.UserTrustStatusChanged, tellAgain);
    client.on("RoomMember.membership", (event, { roomId, userId, membership }) =>
        put({ event: "membership", room: roomId, user: userId, membership }),
    );
    client.on("sync", (state) => put({ event: "sync", state }));
    await client.initRustCrypto({ cryptoDatabasePrefix: login.deviceId });
    crypto().setDeviceIsolationMode(isolation);
    crypto().olmMachine.roomKeyRequestsEnabled = key_requests;
    await client.startClient({ initialSyncLimit: 50 });
    await until(() => client.isInitialSyncComplete(), 30, "the first sync");
    await until(areKeysUploaded, 30, "the upload of its keys");
    return ownKeys();
}

async function areKeysUploaded() {
    const { userId, deviceId } = login;
    const { device_keys } = await client.downloadKeysForUsers([userId]);
    return device_keys[userId]?.[deviceId] !== undefined;
}

async function until(condition, seconds, what) {
    const end = Date.now() + seconds * 1000;
    while (!(await condition())) {
        if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
        await new Promise((wake) => setTimeout(wake, 20));
    }
}

async function ownKeys() {
    const { userId, deviceId } = login;
    return { user_id: userId, device_id: deviceId, ...(await crypto().getOwnDeviceKeys()) };
}

async function authorise(makeRequest) {
    try {
        return await makeRequest(null);
    } catch (error) {
        if (error.httpStatus !== 401 || !error.data?.session) throw error;
        const identifier = { type: "m.id.user", user: login.userId };
        return await makeRequest({ type: "m.login.password", identifier, password, session: error.data.session });
    }
}

// Messages are sent one by one, in the order asked for, once the room and its encryption are known.
async function sendEvent(roomId, type, content) {
    await until(() => client.getRoom(roomId)?.getMyMembership() === "join", 15, `membership of ${roomId}`);
    const { event_id } = await client.sendEvent(roomId, type, content);
    return { event_id };
}

const send = (roomId, content) => sendEvent(roomId, "m.room.message", content);


async function upload(bytes, type, name) {
    const { content_uri } = await client.uploadContent(bytes, { type, name, includeFilename: name !== undefined });
    return content_uri;
}

async function download(mxc) {
    const url = client.mxcUrlToHttp(mxc, undefined, undefined, undefined, true, true, true);
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${login.accessToken}` } });
    if (!answer.ok) throw new Error(`HTTP ${answer.status} for ${mxc}`);
    return new Uint8Array(await answer.arrayBuffer());
}

/** {url} or {file}, after the upload; of what is encrypted the server learns neither name nor kind. */
async function putFile(room, path, type, name) {
    const plain = new Uint8Array(await readFile(path));
    if (!(await crypto().isEncryptionEnabledInRoom(room))) return { url: await upload(plain, type, name) };
    const { bytes, file } = await encrypt(plain);
    return { file: { ...file, url: await upload(bytes, "application/octet-stream") } };
}

async function getPoll(room, eventId) {
    await until(() => client.getRoom(room)?.polls.get(eventId), 15, `poll ${eventId}`);
    return client.getRoom(room).polls.get(eventId);
}

// Asks the server, whatever is known already, and whether or not there is a room with that user.
async function askForKeys(userId) {
    await crypto().olmMachine.updateTrackedUsers([new UserId(userId)]);
    const request = crypto().olmMachine.queryKeysForUsers([new UserId(userId)]); // which takes its argument away
    await crypto().outgoingRequestProcessor.makeOutgoingRequest(request);
}

async function deviceList(userId) {
    await askForKeys(userId);
    const devices = (await crypto().getUserDeviceInfo([userId])).get(userId) ?? new Map();
    const list = [];
    for (const [deviceId, device] of devices) {
        const trust = await crypto().getDeviceVerificationStatus(userId, deviceId);
        list.push({
            device_id: deviceId,
            name: device.displayName ?? null,
            ed25519: device.getFingerprint(),
            curve25519: device.getIdentityKey(),
            signed_by_owner: trust?.signedByOwner ?? false,
            cross_signing_verified: trust?.crossSigningVerified ?? false,
            locally_verified: trust?.localVerified ?? false,
            verified: trust?.isVerified() ?? false,
        });
    }
    return list;
}

async function setUpSecretStorage({ passphrase, backup = false }) {
    let recoveryKey = null;
    const createSecretStorageKey = async () => {
        const key = await crypto().createRecoveryKeyFromPassphrase(passphrase ?? undefined);
        recoveryKey = key.encodedPrivateKey;
        return key;
    };
    await crypto().bootstrapSecretStorage({
        createSecretStorageKey,
        setupNewSecretStorage: true,
        setupNewKeyBackup: backup,
    });
    return { recovery_key: recoveryKey };
}

async function openSecretStorage({ recovery_key, passphrase }) {
    const [, info] = (await client.secretStorage.getKey()) ?? [];
    if (!info) throw new Error("no secret storage");
    const { salt, iterations, bits } = info.passphrase ?? {};
    const key = recovery_key
        ? api.decodeRecoveryKey(recovery_key)
        : await api.deriveRecoveryKeyFromPassphrase(passphrase, salt, iterations, bits);
    if (!(await client.secretStorage.checkKey(key, info))) throw new Error("wrong recovery key or passphrase");
    secretKey = key;
}

async function userTrust(userId) {
    await askForKeys(userId);
    const status = await crypto().getUserVerificationStatus(userId);
    return {
        verified: status.isVerified(),
        was_verified: status.wasCrossSigningVerified(),
        needs_approval: status.needsUserApproval,
        has_keys: await crypto().userHasCrossSigningKeys(userId),
    };
}

const commands = {
    async login({ base_url, user, password: word, device_name = "js peer" }) {
        const fresh = sdk.createClient({ baseUrl: base_url });
        const identifier = { type: "m.id.user", user };
        const type = "m.login.password";
        const answer = await fresh.loginRequest({
            type,
            identifier,
            password: word,
            initial_device_display_name: device_name,
        });
        password = word;
        login = {
            baseUrl: base_url,
            userId: answer.user_id,
            accessToken: answer.access_token,
            deviceId: answer.device_id,
        };
        return { user_id: login.userId, device_id: login.deviceId, access_token: login.accessToken };
    },
    start,
    async stop() {
        client.stopClient();
        client = null;
        encrypted.clear();
    },
    async logout() {
        await client.logout(true);
    },
    own_keys: ownKeys,

    // Rooms
    async create_room({ encrypted = true, name, invite = [], direct = false, visibility, version }) {
        const state = [];
        if (encrypted) state.push({ type: "m.room.encryption", state_key: "", content: MEGOLM });
        if (visibility) {
            state.push({
                type: "m.room.history_visibility",
                state_key: "",
                content: { history_visibility: visibility },
            });
        }
        const { room_id } = await client.createRoom({
            preset: direct ? "trusted_private_chat" : "private_chat",
            is_direct: direct,
            initial_state: state,
            invite,
            ...(name && { name }),
            ...(version && { room_version: version }),
        });
        if (direct) {
            const list = client.getAccountData("m.direct")?.getContent() ?? {};
            for (const user of invite) list[user] = [...(list[user] ?? []), room_id];
            await client.setAccountData("m.direct", list);
        }
        await until(() => client.getRoom(room_id), 15, "the new room");
        return { room: room_id };
    },
    async encrypt_room({ room }) {
        await client.sendStateEvent(room, "m.room.encryption", MEGOLM, "");
    },
    async is_encrypted({ room }) {
        return { encrypted: await crypto().isEncryptionEnabledInRoom(room) };
    },
    async set_history_visibility({ room, visibility }) {
        await client.sendStateEvent(room, "m.room.history_visibility", { history_visibility: visibility }, "");
        const current = () => client.getRoom(room).getHistoryVisibility();
        await until(() => current() === visibility, 15, "the new visibility");
    },
    async invite({ room, user }) {
        await client.invite(room, user);
    },
    async join({ room }) {
        await client.joinRoom(room);
        await until(() => client.getRoom(room)?.getMyMembership() === "join", 15, "the joined room");
    },
    async leave({ room }) {
        await client.leave(room);
    },
    async kick({ room, user }) {
        await client.kick(room, user);
    },
    async members({ room }) {
        const list = client.getRoom(room)?.getMembers() ?? [];
        return { members: Object.fromEntries(list.map((member) => [member.userId, member.membership])) };
    },

    // Messages
    async send({ room, text, content = {} }) {
        return send(room, { msgtype: "m.text", body: text, ...content });
    },
    async send_event({ room, type, content }) {
        return sendEvent(room, type, content);
    },
    async send_sticker({ room, path, body, info }) {
        return sendEvent(room, "m.sticker", { body, info, ...(await putFile(room, path, info.mimetype, body)) });
    },
    async send_file({ room, path, name, msgtype = "m.file", info = {}, thumbnail = null, content = {} }) {
        const told = { msgtype, body: name, info: { ...info }, ...(await putFile(room, path, info.mimetype, name)) };
        if (thumbnail) {
            const { url, file } = await putFile(room, thumbnail.path, thumbnail.info.mimetype, "thumbnail");
            Object.assign(told.info, { thumbnail_info: thumbnail.info });
            Object.assign(told.info, url ? { thumbnail_url: url } : { thumbnail_file: file });
        }
        return send(room, { ...told, ...content });
    },
    async save_file({ content, path }) {
        const { url, file } = content;
        await writeFile(path, file ? await decrypt(await download(file.url), file) : await download(url));
    },
    async edit({ room, event_id, text }) {
        const fresh = { msgtype: "m.text", body: text };
        const relation = { rel_type: "m.replace", event_id };
        return send(room, { ...fresh, body: "* " + text, "m.new_content": fresh, "m.relates_to": relation });
    },
    async send_poll({ room, question, answers, kind = "org.matrix.msc3381.poll.disclosed", max = 1 }) {
        const { type, content } = PollStartEvent.from(question, answers, kind, max).serialize();
        return sendEvent(room, type, content);
    },
    async vote({ room, event_id, numbers }) {
        const { pollEvent } = await getPoll(room, event_id);
        const ids = numbers.map((number) => pollEvent.answers[number - 1].id);
        const { type, content } = PollResponseEvent.from(ids, event_id).serialize();
        return sendEvent(room, type, content);
    },
    async end_poll({ room, event_id }) {
        const { type, content } = PollEndEvent.from(event_id, "The poll has ended.").serialize();
        return sendEvent(room, type, content);
    },
    // What the SDK makes of a poll: the newest valid vote of each person, as texts of the answers.
    async poll({ room, event_id }) {
        const poll = await getPoll(room, event_id);
        const votes = {};
        const responses = (await poll.getResponses()).getRelations();
        for (const event of [...responses].sort((one, other) => one.getTs() - other.getTs())) {
            const response = event.unstableExtensibleEvent;
            response?.validateAgainst(poll.pollEvent);
            const texts = (response?.answerIds ?? []).map(
                (id) => poll.pollEvent.answers.find((answer) => answer.id === id)?.text,
            );
            votes[event.getSender()] = response?.spoiled ? null : texts;
        }
        return { votes, is_ended: poll.isEnded };
    },
    async redact({ room, event_id }) {
        await client.redactEvent(room, event_id);
    },
    async load_history({ room, count = 100 }) {
        await client.scrollback(client.getRoom(room), count);
        for (const event of client.getRoom(room).getLiveTimeline().getEvents()) await tell(event);
    },
    async new_session({ room }) {
        await crypto().forceDiscardSession(room);
    },
    async ciphertexts() {
        return { olm: wire.olm, megolm: wire.megolm };
    },
    async to_device() {
        return { events: wire.clear };
    },
    async room_keys() {
        const list = await crypto().exportRoomKeys();
        const describe = ({ room_id, session_id, session_key }) => ({ room: room_id, session_id, session_key });
        return { keys: list.map(describe) };
    },

    // Trust
    async isolate({ strict }) {
        isolation = strict
            ? new api.OnlySignedDevicesIsolationMode()
            : new api.AllDevicesIsolationMode(false);
        crypto()?.setDeviceIsolationMode(isolation);
    },
    async bootstrap_cross_signing({ reset = false }) {
        await crypto().bootstrapCrossSigning({
            setupNewCrossSigning: reset,
            authUploadDeviceSigningKeys: authorise,
        });
    },
    async cross_signing_status() {
        const status = await crypto().getCrossSigningStatus();
        return {
            ready: await crypto().isCrossSigningReady(),
            public_keys: status.publicKeysOnDevice,
            in_secret_storage: status.privateKeysInSecretStorage,
            cached: status.privateKeysCachedLocally,
        };
    },
    async devices({ user }) {
        return { devices: await deviceList(user) };
    },
    user_trust: ({ user }) => userTrust(user),
    async sign_device({ device_id }) {
        await askForKeys(login.userId);
        await crypto().crossSignDevice(device_id);
    },
    async verify_user({ user }) {
        await askForKeys(user);
        const identity = await crypto().olmMachine.getIdentity(new UserId(user));
        await crypto().outgoingRequestProcessor.makeOutgoingRequest(await identity.verify());
    },
    // Of the user's own devices without a user.
    async verify({ user, room, device_id }) {
        await askForKeys(user ?? login.userId);
        if (user) return watchRequest(await crypto().requestVerificationDM(user, room));
        if (device_id) return watchRequest(await crypto().requestDeviceVerification(login.userId, device_id));
        return watchRequest(await crypto().requestOwnUserVerification());
    },
    async verify_accept({ number }) {
        await requests[number].accept();
    },
    async verify_start({ number }) {
        await requests[number].startVerification("m.sas.v1");
        watchVerifier(requests[number]);
    },
    async verify_scan({ number, code }) {
        const verifier = await requests[number].scanQRCode(new Uint8ClampedArray(Buffer.from(code, "base64")));
        watchVerifier(requests[number]);
        verifier.verify().catch((error) => complain(error));
    },
    async verify_confirm({ number }) {
        await shown.get(requests[number]).confirm();
    },
    async verify_mismatch({ number }) {
        shown.get(requests[number]).mismatch();
    },
    async verify_cancel({ number }) {
        await requests[number].cancel();
    },
    async accept_identity({ user }) {
        await crypto().pinCurrentUserIdentity(user);
    },
    async delete_device({ device_id }) {
        await authorise((auth) => client.deleteDevice(device_id, auth));
    },

    // Recovery
    bootstrap_secret_storage: setUpSecretStorage,
    async recover(key) {
        await openSecretStorage(key);
        await commands.bootstrap_cross_signing({});
    },
    async backup_on() {
        await crypto().resetKeyBackup();
        return { version: await crypto().getActiveSessionBackupVersion() };
    },
    async backup_off() {
        const info = await crypto().getKeyBackupInfo();
        if (info?.version) await crypto().deleteKeyBackupVersion(info.version);
    },
    async restore_backup() {
        await crypto().loadSessionBackupPrivateKeyFromSecretStorage();
        await crypto().checkKeyBackupAndEnable();
        const { imported, total } = await crypto().restoreKeyBackup();
        return { imported, total };
    },

    async quit() {
        client?.stopClient();
    },
};

// Neither the stack nor the request is told: they may hold tokens.
function explain(error) {
    return `${error?.name ?? "Error"}: ${error?.message ?? error}`.replace(/access_token=[^&\s]*/g, "access_token=…");
}

async function answer(line) {
    const { id, cmd, ...fields } = JSON.parse(line);
    try {
        const command = Object.hasOwn(commands, cmd) && commands[cmd];
        if (!command) throw new Error(`no command ${cmd}`);
        put({ event: "reply", id, ok: true, result: (await command(fields)) ?? {} });
    } catch (error) {
        put({ event: "reply", id, ok: false, error: explain(error) });
    }
    if (cmd === "quit") process.exit(0);
}

process.on("unhandledRejection", (error) => process.stderr.write(`unhandled: ${explain(error)}\n`));
const input = createInterface({ input: process.stdin, crlfDelay: Infinity });
input.on("line", answer);
input.on("close", () => process.exit(0));
put({ event: "ready" });
