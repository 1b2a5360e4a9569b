// SPDX-FileCopyrightText: The pidgin-matrix authors
// SPDX-License-Identifier: GPL-2.0-or-later
// What a peer sees of encryption on the wire, before its own library has had a look: each ciphertext that came.

export class Wire {
    olm = [];
    megolm = [];
    clear = []; // to-device events that are not encrypted: withheld codes, key requests
    #eventIds = new Set();
    #tokens = new Set();
    #bodies = new Set();

    // A fetch for the client, which looks at the answers that bring events.
    fetch = async (url, options) => {
        const answer = await fetch(url, options);
        const { pathname, searchParams } = new URL(url);
        if (answer.ok && /\/(sync|messages|context\/[^/]*|event\/[^/]*)$/.test(pathname)) {
            this.#read(await answer.clone().json(), searchParams.get("since"));
        }
        return answer;
    };

    // The server gives to-device events again when a sync is repeated, which is no repeat of their sender.
    #read(body, since) {
        const isRepeated = !since || this.#tokens.has(since);
        this.#tokens.add(since);
        for (const event of body.to_device?.events ?? []) this.#readToDevice(event, isRepeated);
        const rooms = body.rooms ?? {};
        for (const kind of ["join", "leave"]) {
            for (const [roomId, room] of Object.entries(rooms[kind] ?? {})) {
                for (const event of room.timeline?.events ?? []) this.#readRoomEvent(roomId, event);
            }
        }
        const more = [...(body.chunk ?? []), ...(body.events_before ?? []), ...(body.events_after ?? [])];
        for (const event of [...more, body.event ?? body]) this.#readRoomEvent(event.room_id, event);
    }

    #readToDevice({ type, sender, content }, isRepeated) {
        if (type !== "m.room.encrypted") {
            this.clear.push({ type, sender, content });
            return;
        }
        for (const [recipientKey, message] of Object.entries(content.ciphertext ?? {})) {
            const { type: olmType, body } = message;
            if (isRepeated && this.#bodies.has(body)) continue;
            this.#bodies.add(body);
            this.olm.push({ sender, sender_key: content.sender_key, recipient_key: recipientKey, type: olmType, body });
        }
    }

    // An event that comes a second time is the same message, and not a repeat of a ratchet.
    #readRoomEvent(roomId, { type, sender, event_id, content }) {
        if (type !== "m.room.encrypted" || !event_id || this.#eventIds.has(event_id)) return;
        this.#eventIds.add(event_id);
        const { session_id, ciphertext } = content;
        this.megolm.push({ room: roomId, event_id, sender, session_id, ciphertext });
    }
}
