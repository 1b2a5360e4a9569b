# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not be in the debug text, which people send to strangers (A7): all that an account of a test knows."""

import base64
import glob
import re
import sqlite3
from contextlib import closing
from pathlib import Path

_TOKENS = ("access_token", "refresh_token")
_SECRET_INPUTS = ("passphrase", "again", "key", "password")
_RECOVERY_KEY = re.compile(r"\bE\w{3}(?: \w{4}){11}\b")
# What the debug text may well have for another reason, such as "hello" or a name
_SHORTEST_TEXT = 9
_MOST_TEXTS = 300


def spellings(data):
    """Bytes as a text may show them; of base64 the beginning, which no padding changes."""
    return [base64.b64encode(data).decode().rstrip("=")[:-1], base64.urlsafe_b64encode(data).decode()[:40], data.hex()]


def debug_texts(one):
    paths = glob.glob(f"{glob.escape(str(one.user_dir))}.*.stderr")
    return {path: Path(path).read_text("utf-8", "replace") for path in paths}


def find_told(seats, secrets):
    """(name of the secret, path) of what is told; secrets: name -> texts."""
    texts = {path: text.lower() for one in seats for path, text in debug_texts(one).items()}
    return [
        (name, path)
        for path, text in texts.items()
        for name, words in secrets.items()
        if any(word.lower() in text for word in words)
    ]


def database_value(path, name):
    with closing(sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True)) as database:
        row = database.execute("SELECT value FROM value WHERE name = ?", [name]).fetchone()
    return row and row[0]


def _tokens(folder):
    for path in folder.rglob("account.db"):
        try:
            yield from filter(None, (database_value(path, name) for name in _TOKENS))
        except sqlite3.Error:  # a test has damaged it, or it was never made
            continue


def _events(one, kind):
    return [event for driver in one.drivers for event in driver.events if event["event"] == kind]


def _inputs(one):
    """What was typed into dialogs and has to stay there."""
    commands = [command for driver in one.drivers for command in driver.commands]
    fields = [command["inputs"] for command in commands if command.get("inputs")]
    typed = [str(field[name]) for field in fields for name in _SECRET_INPUTS if field.get(name)]
    return [text for text in typed if len(text) >= _SHORTEST_TEXT]


def _texts(one):
    """Of messages, sent and received: whole ones, of more than a word."""
    commands = [command for driver in one.drivers for command in driver.commands]
    typed = [command["text"] for command in commands if command["cmd"] in ("send_im", "send_chat")]
    drawn = [line.text for line in _events(one, "line") if line.is_message]
    texts = {text.strip() for text in typed + drawn}
    return sorted(text for text in texts if len(text) >= _SHORTEST_TEXT and " " in text)[:_MOST_TEXTS]


def secrets_of(one):
    """Of a seat whose program has ended: name -> texts."""
    folder = Path(one.user_dir)
    shown = [key for event in _events(one, "notify") for key in _RECOVERY_KEY.findall(str(event))]
    return {
        "a token": ["syt_", "access_token=", *_tokens(folder)],
        "the password": [one.person.password] if one.person.password else [],
        "the key of the database": [word for path in folder.rglob("*.key") for word in spellings(path.read_bytes())],
        "a recovery key": shown + [key.replace(" ", "") for key in shown],
        "what was typed into a dialog": _inputs(one),
        "the text of a message": _texts(one),
    }
