# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""libpurple's HTML logs, the format both programs use unless told otherwise."""

import glob
import html
import os
import re

_TITLE = re.compile(r"<title>Conversation with (.*?) at .*? on .*? \(\w+\)</title>")
# A conversation opened twice within a second has two heads in one file.
_HEAD = re.compile(r"<!DOCTYPE.*?<p>\n", re.DOTALL)


def _plain(markup):
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).strip()


def read_log(folder, name, network="matrix"):
    """The logged lines of a conversation (Matrix ID or room ID), "(time) who: text", oldest first."""
    lines = []
    pattern = os.path.join(glob.escape(str(folder)), "logs", network, "*", "*", "*.html")
    for path in sorted(glob.glob(pattern), key=os.path.basename):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        title, body = _TITLE.search(text), _HEAD.sub("", text)
        if title and html.unescape(title.group(1)) == name:
            lines += [_plain(one) for one in re.split(r"<br ?/?>\n", body) if _plain(one)]
    return lines


def read_messages(folder, name, network="matrix"):
    """The texts that people wrote; what the program itself says at a disconnection is left out."""
    lines = read_log(folder, name, network)
    matches = (re.match(r"\([^)]*\) (?!The account has )[^ ]*: (.*)", line) for line in lines)
    return [match.group(1) for match in matches if match]
