# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of a libpurple user directory, written as a program that has run before would have left them."""

import os
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field


@dataclass
class Account:
    """An account that connects at the start. `options`: texts, numbers and booleans by name."""

    protocol: str
    name: str
    password: str | None = None
    options: dict = field(default_factory=dict)


def _add(parent, tag, text=None, **attributes):
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _add_setting(parent, name, value):
    kind = {bool: "bool", int: "int", str: "string"}[type(value)]
    _add(parent, "setting", str(int(value)) if kind == "bool" else str(value), name=name, type=kind)


def _write(folder, name, root):
    ET.ElementTree(root).write(os.path.join(str(folder), name), encoding="utf-8", xml_declaration=True)


def write_accounts(folder, accounts):
    root = ET.Element("account", version="1.0")
    for one in accounts:
        element = _add(root, "account")
        _add(element, "protocol", one.protocol)
        _add(element, "name", one.name)
        if one.password:
            _add(element, "password", one.password)
        settings = _add(element, "settings")
        for name, value in one.options.items():
            _add_setting(settings, name, value)
        _add_setting(_add(element, "settings", ui="gtk-gaim"), "auto-login", True)
    _write(folder, "accounts.xml", root)


def write_autojoined_chat(folder, account, group, **components):
    """A buddy list with one chat, that Pidgin joins when its account connects."""
    root = ET.Element("purple", version="1.0")
    chats = _add(_add(root, "blist"), "group", name=group)
    chat = _add(chats, "chat", proto=account.protocol, account=account.name)
    for name, value in components.items():
        _add(chat, "component", value, name=name)
    _add_setting(chat, "gtk-autojoin", True)
    _write(folder, "blist.xml", root)
