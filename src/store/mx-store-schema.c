/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-store-private.h"

/* Whose devices matter follows from the rooms and their members (crypto D1). Many places write
 * these, and a member that one of them forgot would be a device without keys: so the tables tell
 * it. 1 and 2 are MX_MEMBERSHIP_JOIN and MX_MEMBERSHIP_INVITE. */
#define TRACK(users)                                                                               \
    "  UPDATE crypto_user SET tracked = 1, outdated = 1, dirty_seq = dirty_seq + 1"                \
    "  WHERE tracked = 0 AND user_id IN (" users ");"                                              \
    "  INSERT INTO crypto_user (user_id, tracked, outdated)"                                       \
    "  SELECT user_id, 1, 1 FROM (" users ") WHERE user_id NOT IN"                                 \
    "  (SELECT user_id FROM crypto_user);"
/* No conflict clauses here: that of the statement outside would be taken instead. */
#define TRACK_MEMBER                                                                               \
    " ON member WHEN new.membership IN (1, 2) AND EXISTS"                                          \
    "  (SELECT 1 FROM room WHERE key = new.room AND encrypted = 1 AND membership = 1) "            \
    "BEGIN" TRACK("SELECT new.user_id AS user_id") " END;"
#define TRACK_ROOM                                                                                 \
    " ON room WHEN new.encrypted = 1 AND new.membership = 1"                                       \
    "  AND (old.encrypted = 0 OR old.membership <> 1) "                                            \
    "BEGIN" TRACK("SELECT user_id FROM member WHERE room = new.key"                                \
                  "  AND membership IN (1, 2)") " END;"
#define TRACK_ALL                                                                                  \
    TRACK("SELECT DISTINCT user_id FROM room JOIN member ON member.room = room.key"                \
          "  WHERE encrypted = 1 AND room.membership = 1 AND member.membership IN (1, 2)")
#define DEVICES                                                                                    \
    "CREATE TABLE crypto_user (user_id TEXT PRIMARY KEY, tracked INTEGER NOT NULL,"                \
    "  outdated INTEGER NOT NULL, dirty_seq INTEGER NOT NULL DEFAULT 0,"                           \
    "  ambiguous INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"                                       \
    "CREATE INDEX crypto_user_outdated ON crypto_user (user_id)"                                   \
    "  WHERE tracked = 1 AND outdated = 1;"                                                        \
    "CREATE TABLE device (user_id TEXT NOT NULL, device_id TEXT NOT NULL, display_name TEXT,"      \
    "  curve25519 TEXT NOT NULL, ed25519 TEXT NOT NULL, object TEXT NOT NULL, signed_by TEXT,"     \
    "  blocked INTEGER NOT NULL, dehydrated INTEGER NOT NULL, gone INTEGER NOT NULL,"              \
    "  PRIMARY KEY (user_id, device_id)) WITHOUT ROWID;"                                           \
    "CREATE INDEX device_curve25519 ON device (curve25519);"                                       \
    "CREATE INDEX device_ed25519 ON device (ed25519);"                                             \
    "CREATE TABLE identity (user_id TEXT PRIMARY KEY, master TEXT NOT NULL, self_signing TEXT,"    \
    "  user_signing TEXT, master_object TEXT NOT NULL, signed_by TEXT, trusted TEXT,"              \
    "  was_verified INTEGER NOT NULL, new_master TEXT, new_self_signing TEXT,"                     \
    "  new_user_signing TEXT, new_master_object TEXT) WITHOUT ROWID;"                              \
    "CREATE TABLE stashed (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);"             \
    "CREATE TRIGGER member_new AFTER INSERT" TRACK_MEMBER                                          \
    "CREATE TRIGGER member_changed AFTER UPDATE OF membership" TRACK_MEMBER                        \
    "CREATE TRIGGER room_encrypted AFTER UPDATE OF encrypted, membership" TRACK_ROOM TRACK_ALL

/* Olm sessions with devices, and requests for keys of rooms */
#define OLM                                                                                        \
    "CREATE TABLE olm_peer (curve25519 TEXT NOT NULL, user_id TEXT NOT NULL,"                      \
    "  device_id TEXT NOT NULL, want INTEGER NOT NULL, failures INTEGER NOT NULL,"                 \
    "  not_before INTEGER NOT NULL, unwedged INTEGER NOT NULL, told_no_olm INTEGER NOT NULL,"      \
    "  PRIMARY KEY (curve25519, user_id)) WITHOUT ROWID;"                                          \
    "CREATE INDEX olm_peer_want ON olm_peer (want) WHERE want <> 0;"                               \
    "CREATE TABLE olm_seen (id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE);"     \
    "CREATE TABLE key_request (room_id TEXT NOT NULL, session_id TEXT NOT NULL,"                   \
    "  request_id TEXT NOT NULL, sender_key TEXT, asked INTEGER NOT NULL, due INTEGER NOT NULL,"   \
    "  is_waiting INTEGER NOT NULL, PRIMARY KEY (room_id, session_id)) WITHOUT ROWID;"             \
    "CREATE INDEX key_request_due ON key_request (due) WHERE is_waiting = 1;"                      \
    "CREATE TABLE key_question (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL,"      \
    "  device_id TEXT NOT NULL, request_id TEXT NOT NULL, room_id TEXT NOT NULL,"                  \
    "  session_id TEXT NOT NULL, received INTEGER NOT NULL,"                                       \
    "  UNIQUE (user_id, device_id, request_id));"

/* Outbound sessions. One that somebody who may hold its key has left is not used again, and neither
 * is one of a room in which that may have happened unseen (crypto H6). 1 and 2 are
 * MX_MEMBERSHIP_JOIN and MX_MEMBERSHIP_INVITE. */
#define SHARE                                                                                      \
    "CREATE TABLE outbound (room INTEGER PRIMARY KEY REFERENCES room ON DELETE CASCADE,"           \
    "  session_id TEXT NOT NULL, created INTEGER NOT NULL, n_messages INTEGER NOT NULL,"           \
    "  period_ms INTEGER NOT NULL, period_msgs INTEGER NOT NULL,"                                  \
    "  shared_history INTEGER NOT NULL, stale INTEGER NOT NULL);"                                  \
    "CREATE TABLE shared_with (room_id TEXT NOT NULL, session_id TEXT NOT NULL,"                   \
    "  user_id TEXT NOT NULL, device_id TEXT NOT NULL, curve25519 TEXT NOT NULL,"                  \
    "  idx INTEGER NOT NULL, withheld TEXT,"                                                       \
    "  PRIMARY KEY (room_id, session_id, user_id, device_id)) WITHOUT ROWID;"                      \
    "CREATE INDEX shared_with_device ON shared_with (user_id, device_id);"                         \
    "CREATE TRIGGER outbound_left BEFORE INSERT ON member"                                         \
    "  WHEN new.membership NOT IN (1, 2) AND EXISTS (SELECT 1 FROM member WHERE room = new.room"   \
    "  AND user_id = new.user_id AND membership IN (1, 2)) "                                       \
    "BEGIN UPDATE outbound SET stale = 1 WHERE room = new.room; END;"                              \
    "CREATE TRIGGER outbound_gap AFTER UPDATE OF members_complete ON room"                         \
    "  WHEN old.members_complete = 1 AND new.members_complete = 0 "                                \
    "BEGIN UPDATE outbound SET stale = 1 WHERE room = new.key; END;"                               \
    "ALTER TABLE queue ADD COLUMN cipher TEXT;"

/* Which event an edit or a reaction is about; and events that lines are about and that the timeline
 * does not have. */
#define RELATIONS                                                                                  \
    "ALTER TABLE timeline ADD COLUMN relates_to TEXT;"                                             \
    "CREATE INDEX timeline_relates ON timeline (room, relates_to) WHERE relates_to IS NOT NULL;"   \
    "CREATE TABLE quoted (room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,"                \
    "  event_id TEXT NOT NULL, sender TEXT, type TEXT, content TEXT, ts INTEGER NOT NULL,"         \
    "  sealed BLOB, PRIMARY KEY (room, event_id)) WITHOUT ROWID;"
/* The index of words: mx-store-search.c. residue: what was taken out may still stand in parts of
 * the index that were not written anew since. A row whose text changes leaves it, and waits again.
 * No conflict clauses in triggers: see above. */
#define SEARCH_OLD "EXISTS (SELECT 1 FROM search_content WHERE id = old.id)"
#define SEARCH_FORGET                                                                              \
    "BEGIN DELETE FROM search WHERE rowid = old.id; UPDATE search_state SET residue = 1; END;"
#define SEARCH                                                                                     \
    MX_SEARCH_TABLE                                                                                \
    ";"                                                                                            \
    "CREATE TABLE search_state (takes_secret INTEGER NOT NULL, residue INTEGER NOT NULL);"         \
    "INSERT INTO search_state VALUES (0, 0);"                                                      \
    "CREATE TABLE search_queue (row INTEGER PRIMARY KEY);"                                         \
    "INSERT INTO search_queue SELECT id FROM timeline WHERE " MX_SEARCH_HAS_WORDS(                 \
        "") ";"                                                                                    \
            "CREATE TRIGGER search_new AFTER INSERT ON timeline WHEN " MX_SEARCH_HAS_WORDS(        \
                "new.") " BEGIN INSERT INTO search_queue VALUES (new.id); END;"                    \
                        "CREATE TRIGGER search_changed AFTER UPDATE OF content, sealed ON "        \
                        "timeline"                                                                 \
                        "  WHEN " MX_SEARCH_HAS_WORDS(                                             \
                            "new.") " BEGIN INSERT INTO search_queue SELECT new.id"                \
                                    "  WHERE NOT EXISTS (SELECT 1 FROM search_queue WHERE "        \
                                    "row = new.id); END;"                                          \
                                    "CREATE TRIGGER search_text_gone AFTER UPDATE OF "             \
                                    "content, sealed ON timeline"                                  \
                                    "  WHEN " SEARCH_OLD SEARCH_FORGET                             \
                                    "CREATE TRIGGER search_row_gone AFTER DELETE ON timeline "     \
                                    "WHEN " SEARCH_OLD SEARCH_FORGET                               \
                                    "CREATE TRIGGER search_queue_gone AFTER DELETE ON "            \
                                    "timeline"                                                     \
                                    " BEGIN DELETE FROM search_queue WHERE row = old.id; END;"

/* Each entry brings the schema from version i to i + 1 and is never changed after a release.
 * Message content stands apart from its row's order and state, so that sealing it later is a change
 * of one column. */
static const char *const migrations[] = {
    "CREATE TABLE value (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE account_data (room INTEGER NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL,"
    "  PRIMARY KEY (room, type)) WITHOUT ROWID;"
    "CREATE TABLE room (key INTEGER PRIMARY KEY, room_id TEXT NOT NULL UNIQUE,"
    "  membership INTEGER NOT NULL, name TEXT, canonical_alias TEXT, room_type TEXT, heroes TEXT,"
    "  direct_user TEXT, read_event_id TEXT, prev_batch TEXT,"
    "  joined_count INTEGER NOT NULL DEFAULT -1, invited_count INTEGER NOT NULL DEFAULT -1,"
    "  highlight_count INTEGER NOT NULL DEFAULT 0, notification_count INTEGER NOT NULL DEFAULT 0,"
    "  top_pos INTEGER NOT NULL DEFAULT 0, last_ts INTEGER NOT NULL DEFAULT 0,"
    "  encrypted INTEGER NOT NULL DEFAULT 0, members_complete INTEGER NOT NULL DEFAULT 0,"
    "  hidden INTEGER NOT NULL DEFAULT 0, synced INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE state (room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,"
    "  type TEXT NOT NULL, state_key TEXT NOT NULL, event_id TEXT, sender TEXT,"
    "  content TEXT NOT NULL, PRIMARY KEY (room, type, state_key)) WITHOUT ROWID;"
    "CREATE TABLE member (room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,"
    "  user_id TEXT NOT NULL, membership INTEGER NOT NULL, display_name TEXT, avatar_url TEXT,"
    "  PRIMARY KEY (room, user_id)) WITHOUT ROWID;"
    "CREATE INDEX member_name ON member (room, display_name) WHERE display_name IS NOT NULL;"
    "CREATE TABLE timeline (id INTEGER PRIMARY KEY,"
    "  room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE, pos INTEGER NOT NULL,"
    "  event_id TEXT, sender TEXT NOT NULL, type TEXT NOT NULL, txn_id TEXT, ts INTEGER NOT NULL,"
    "  display INTEGER NOT NULL, delayed INTEGER NOT NULL DEFAULT 0, content TEXT NOT NULL);"
    "CREATE UNIQUE INDEX timeline_event ON timeline (room, event_id) WHERE event_id IS NOT NULL;"
    "CREATE INDEX timeline_pos ON timeline (room, pos);"
    "CREATE UNIQUE INDEX timeline_txn ON timeline (txn_id) WHERE txn_id IS NOT NULL;"
    "CREATE INDEX timeline_waiting ON timeline (room, display, pos) WHERE display IN (1, 2);"
    "CREATE TABLE gap (id INTEGER PRIMARY KEY,"
    "  room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE, pos INTEGER NOT NULL,"
    "  next_pos INTEGER NOT NULL, from_token TEXT NOT NULL, to_token TEXT,"
    "  waived INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX gap_room ON gap (room, pos);"
    "CREATE TABLE queue (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,"
    "  row INTEGER NOT NULL REFERENCES timeline ON DELETE CASCADE, txn_id TEXT NOT NULL UNIQUE,"
    "  type TEXT NOT NULL, content TEXT NOT NULL, state INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL, uncertain_ms INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX queue_room ON queue (room, id);"
    "CREATE INDEX queue_row ON queue (row);",
    "ALTER TABLE timeline ADD COLUMN alert INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE timeline ADD COLUMN state_key TEXT;"
    "ALTER TABLE timeline ADD COLUMN prev_content TEXT;"
    "ALTER TABLE member ADD COLUMN name_key TEXT;"
    "UPDATE member SET name_key = display_name;"
    "DROP INDEX member_name;"
    "CREATE INDEX member_name ON member (room, name_key) WHERE name_key IS NOT NULL;",
    "CREATE INDEX state_child ON state (state_key) WHERE type = 'm.space.child';"
    "CREATE TABLE listed (room INTEGER PRIMARY KEY REFERENCES room ON DELETE CASCADE);",
    "CREATE TABLE presence (user_id TEXT PRIMARY KEY, state INTEGER NOT NULL, status_msg TEXT,"
    "  active_ms INTEGER NOT NULL, is_active INTEGER NOT NULL) WITHOUT ROWID;",
    "CREATE TABLE redacted (room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,"
    "  event_id TEXT NOT NULL, PRIMARY KEY (room, event_id)) WITHOUT ROWID;"
    "CREATE TABLE shows_all (room INTEGER PRIMARY KEY REFERENCES room ON DELETE CASCADE);",
    "CREATE TABLE upgrade (room INTEGER PRIMARY KEY REFERENCES room ON DELETE CASCADE,"
    "  successor TEXT, via TEXT, stage INTEGER NOT NULL, depth INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX upgrade_successor ON upgrade (successor) WHERE successor IS NOT NULL;",
    "CREATE TABLE sealed (kind TEXT NOT NULL, key TEXT NOT NULL, data BLOB NOT NULL,"
    "  PRIMARY KEY (kind, key)) WITHOUT ROWID;"
    "CREATE TABLE to_device (id INTEGER PRIMARY KEY AUTOINCREMENT, txn_id TEXT NOT NULL UNIQUE,"
    "  type TEXT NOT NULL, body TEXT NOT NULL, owner TEXT, context TEXT);",
    DEVICES,
    OLM,
    /* Encrypted events: MxRowCrypto, until when to wait for a key, and what was read. */
    "ALTER TABLE timeline ADD COLUMN crypto INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE timeline ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE timeline ADD COLUMN session_id TEXT;"
    "ALTER TABLE timeline ADD COLUMN try_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE timeline ADD COLUMN late INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE timeline ADD COLUMN sealed BLOB;"
    "ALTER TABLE queue ADD COLUMN sealed BLOB;"
    "CREATE INDEX timeline_crypto ON timeline (room, pos) WHERE crypto = 1;"
    "CREATE INDEX timeline_session ON timeline (room, session_id) WHERE crypto = 3;"
    "CREATE TABLE megolm_index (room_id TEXT NOT NULL, session_id TEXT NOT NULL,"
    "  message_index INTEGER NOT NULL, event_id TEXT NOT NULL, ts INTEGER NOT NULL,"
    "  PRIMARY KEY (room_id, session_id, message_index)) WITHOUT ROWID;"
    "CREATE TABLE withheld (room_id TEXT NOT NULL, session_id TEXT NOT NULL, sender TEXT NOT NULL,"
    "  code TEXT NOT NULL, reason TEXT, ts INTEGER NOT NULL,"
    "  PRIMARY KEY (room_id, session_id, sender)) WITHOUT ROWID;",
    SHARE,
    /* Keys that came from strangers; see mx-store-strangers.h. */
    "CREATE TABLE stranger (id INTEGER PRIMARY KEY AUTOINCREMENT, curve25519 TEXT NOT NULL UNIQUE);"
    "CREATE TABLE stray_key (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL,"
    "  room_id TEXT NOT NULL, session_id TEXT NOT NULL, UNIQUE (room_id, session_id));"
    "CREATE INDEX stray_key_user ON stray_key (user_id);"
    /* Outbound sessions that are not used any more, the oldest first. */
    "CREATE TABLE past_outbound (id INTEGER PRIMARY KEY AUTOINCREMENT, room_id TEXT NOT NULL,"
    "  session_id TEXT NOT NULL, ended INTEGER NOT NULL);"
    "CREATE INDEX past_outbound_room ON past_outbound (room_id);",
    "CREATE INDEX timeline_locked ON timeline (room) WHERE late = 3;"
    "CREATE INDEX timeline_encryption ON timeline (room, pos) WHERE type = 'm.room.encryption';",
    RELATIONS,
    SEARCH,
    /* Of edits that came inside of what they are about. */
    "ALTER TABLE quoted ADD COLUMN relates_to TEXT;"
    "ALTER TABLE quoted ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX quoted_relates ON quoted (room, relates_to) WHERE relates_to IS NOT NULL;",
};

static gboolean migrate_to(MxStore *store, guint version, GError **error)
{
    g_autofree char *sql = g_strdup_printf("BEGIN IMMEDIATE;%sPRAGMA user_version=%u;COMMIT;",
                                           migrations[version - 1], version);
    g_autofree char *message = NULL;
    char *from_sqlite = NULL;
    if (sqlite3_exec(store->db, sql, NULL, NULL, &from_sqlite) == SQLITE_OK)
        return TRUE;
    message = g_strdup(from_sqlite);
    sqlite3_free(from_sqlite);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    g_set_error(error, MX_ERROR, MX_ERROR_STORE,
                _("The account's database could not be brought up to date: %s"), message);
    return FALSE;
}

gboolean mx_store_migrate(MxStore *store, GError **error)
{
    gint64 version = mx_store_query_int(store, -1, "PRAGMA user_version", "");
    if (store->failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&store->failure));
        return FALSE;
    }
    if (version < 0) {
        g_set_error(error, MX_ERROR, MX_ERROR_STORE, _("The account's database in %s is damaged."),
                    store->dir);
        return FALSE;
    }
    if (version > (gint64)G_N_ELEMENTS(migrations)) {
        g_set_error(error, MX_ERROR, MX_ERROR_STORE,
                    _("The account's database was written by a newer version of this plugin. "
                      "Install that version again, or remove the folder %s to start afresh."),
                    store->dir);
        return FALSE;
    }
    for (guint next = version + 1; next <= G_N_ELEMENTS(migrations); next++)
        if (!migrate_to(store, next, error))
            return FALSE;
    return TRUE;
}
