# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""libpurple's own text logs, read back: what the user has on disk of a conversation."""

import glob
import os
import re
from dataclasses import dataclass

_HEADER = re.compile(r"Conversation with (.*) at .*? on (.*) \(matrix\)$")
_LINE = re.compile(r"^\(([^()]*\d\d:\d\d:\d\d[^()]*)\) (.*)$")


@dataclass
class Entry:
    """One logged line; `rest` is "who: text" for messages, or a system line."""

    time: str
    rest: str

    @property
    def text(self):
        return self.rest.split(": ", 1)[-1]


def _read_file(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        header, *lines = file.read().split("\n")
    match = _HEADER.match(header.lstrip("\ufeff"))
    entries = []
    for line in lines:
        start = _LINE.match(line)
        if start:
            entries.append(Entry(*start.groups()))
        elif entries and line:
            entries[-1].rest += "\n" + line
    return match.group(1) if match else "", entries


def read_log(user_dir, name):
    """All lines logged for the conversation `name` (Matrix ID or room ID), oldest file first."""
    entries = []
    pattern = os.path.join(glob.escape(str(user_dir)), "logs", "matrix", "*", "*", "*.txt")
    for path in sorted(glob.glob(pattern), key=os.path.basename):
        log_name, found = _read_file(path)
        if log_name == name:
            entries.extend(found)
    return entries


def logged_tokens(user_dir, name, token):
    """Every occurrence of the expression `token` in the log, in order; a line written twice counts twice."""
    return [hit for entry in read_log(user_dir, name) for hit in re.findall(token, entry.rest)]
