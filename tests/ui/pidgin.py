# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real Pidgin on a private screen: typed into, looked at, and asked over D-Bus what is behind the picture.

What a window shows is read with Pidgin's own "Save As...", which writes the text widget and not the log."""

import ast
import html
import os
import re
import shutil

from waiting import end, wait_until

SERVICE = "im.pidgin.purple.PurpleService"
OBJECT = "/im/pidgin/purple/PurpleObject"
INTERFACE = "im.pidgin.purple.PurpleInterface"
ICON = "/usr/share/pixmaps/pidgin/protocols/16/matrix.png"
# The plugins whose protocols stand before "Matrix" in the editor's menu; libxmpp also brings Google Talk.
BEFORE_MATRIX = {"libbonjour.so", "libgg.so", "libxmpp.so", "libnovell.so", "libirc.so"}
_GLIB = re.compile(r"^\([\d:]+\) (GLib\S*|GObject|Gtk|Gdk\S*|Pango|GThread|libsoup\S*|pidgin-matrix|[Jj]son\S*): ")
# Pidgin says these without any plugin of ours.
_STOCK = re.compile(
    r"signal 'destroy' is invalid for instance .* of type 'GtkStatusIcon'"
    r"|out of range for property 'weight'|recently-used\.xbel"
)
# Pidgin takes a protocol's icon only from its own data folder, where nothing is while we are not installed.
_NO_ICON = re.compile(
    r"g_object_(un)?ref: assertion 'G_IS_OBJECT|gdk_window_set_icon_list: assertion|gdk_pixbuf_get_\w+: assertion"
    r"|gdk_pixbuf_\w+: assertion 'GDK_IS_PIXBUF"
)


class Line:
    """One line of a window, as it is shown: "(time) who: text", or "(time) text"."""

    def __init__(self, markup):
        self.shown = html.unescape(re.sub(r"<[^>]*>", "", markup))
        match = re.match(r"^\((?P<time>[^)]*)\) (?:(?P<who>.*?): )?(?P<text>.*)$", self.shown, re.DOTALL)
        self.time = match["time"] if match else ""
        self.who = match["who"] if match else None
        self.text = match["text"] if match else self.shown

    def __repr__(self):
        return repr(self.shown)


def read_saved(path):
    with open(path, encoding="utf-8") as file:
        body = file.read().split("</h1>\n", 1)[1].split("\n</body>")[0]
    return [Line(part) for part in body.split("<br>\n") if part.strip()]


def parse_variant(text):
    """What gdbus prints of an answer, as a Python value; only numbers, texts and lists of them are asked for."""
    text = re.sub(r"@a\w+ |\b(u?int(16|32|64)|byte|double) ", "", text.strip())
    text = text.replace("(true,)", "(True,)").replace("(false,)", "(False,)")
    return ast.literal_eval(text)


class Pidgin:
    """`folder` is Pidgin's configuration, kept over restarts."""

    def __init__(self, desktop, folder, plugin):
        self.desktop = desktop
        self.folder = str(folder)
        self._process = None
        self._runs = 0
        os.makedirs(os.path.join(self.folder, "plugins"), exist_ok=True)
        shutil.copy(plugin, os.path.join(self.folder, "plugins"))
        # Where GTK writes its list of recent files.
        os.makedirs(os.path.join(desktop.env["HOME"], ".local", "share"), exist_ok=True)
        self._show_path_entry()

    def _show_path_entry(self):
        """File choosers begin with the line for a path, which has the focus."""
        folder = os.path.join(self.desktop.env["HOME"], ".config", "gtk-2.0")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "gtkfilechooser.ini"), "w", encoding="ascii") as file:
            file.write("[Filechooser Settings]\nLocationMode=filename-entry\nStartupMode=cwd\n")

    # Process

    def start(self):
        self._runs += 1
        command = ["pidgin", f"--config={self.folder}", "--debug", "--multiple"]
        self._process = self.desktop.launch(self._log_name, *command)
        self.desktop.wait_window("Buddy List", 30)
        wait_until(lambda: self.ask("PurpleGetConversations") is not None, 20, "Pidgin on the bus")
        return self

    def quit(self):
        """As the user does it; the exit code."""
        self.desktop.focus(self.desktop.wait_window("Buddy List"))
        self.desktop.key("ctrl+q")
        return self._process.wait(15)

    def stop(self):
        if self._process:
            end(self._process)

    @property
    def _log_name(self):
        return f"{os.path.basename(self.folder)}-{self._runs}"

    def debug_log(self):
        """What the present run has said, and wrote to stderr."""
        path = os.path.join(self.desktop.folder, self._log_name + ".log")
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def complaints(self):
        """Warnings of GLib, GTK and ourselves that Pidgin would not have without this plugin."""
        found = []
        for line in self.debug_log().splitlines():
            is_stock = _STOCK.search(line) or (not os.path.exists(ICON) and _NO_ICON.search(line))
            if (_GLIB.match(line) or "CRITICAL" in line or "-WARNING" in line) and not is_stock:
                found.append(line)
        return found

    # D-Bus

    def ask(self, method, *arguments):
        command = ["gdbus", "call", "--session", "--dest", SERVICE, "--object-path", OBJECT]
        words = [str(one) for one in arguments]
        answer = self.desktop.run(*command, "--method", f"{INTERFACE}.{method}", *words)
        values = parse_variant(answer) if answer.strip() else ()
        return values[0] if values else None

    def account(self):
        accounts = self.ask("PurpleAccountsGetAll")
        return accounts[0] if accounts else 0

    def connected(self):
        """The names of the accounts that are connected."""
        return {
            self.ask("PurpleAccountGetUsername", one)
            for one in self.ask("PurpleAccountsGetAll") or []
            if self.ask("PurpleAccountIsConnected", one)
        }

    def is_connected(self):
        account = self.account()
        return bool(account and self.ask("PurpleAccountIsConnected", account))

    def wait_connected(self, timeout=20):
        wait_until(self.is_connected, timeout, "the account to be connected", 0.1)

    def protocol(self):
        return self.ask("PurpleAccountGetProtocolId", self.account())

    def buddy_list(self):
        """{group: {("chat" or "buddy", name shown)}}"""
        groups, current = {}, None
        node = self.ask("PurpleBlistGetRoot")
        while node:
            if self.ask("PurpleBlistNodeIsGroup", node):
                current = groups.setdefault(self.ask("PurpleGroupGetName", node), set())
            elif self.ask("PurpleBlistNodeIsChat", node):
                current.add(("chat", self.ask("PurpleChatGetName", node)))
            elif self.ask("PurpleBlistNodeIsBuddy", node):
                current.add(("buddy", self.ask("PurpleBuddyGetAlias", node)))
            node = self.ask("PurpleBlistNodeNext", node, 1)
        return groups

    def conversations(self):
        """Title -> libpurple's name of each open conversation, in IMs and chats."""
        open_ones = self.ask("PurpleGetConversations") or []
        return {
            self.ask("PurpleConversationGetTitle", one): self.ask("PurpleConversationGetName", one)
            for one in open_ones
        }

    def set_preference(self, kind, name, value):
        """kind: as in libpurple's functions: "Bool", "String", "Path" and so on."""
        self.ask(f"PurplePrefsSet{kind}", name, value)

    def chat_members(self, title):
        for one in self.ask("PurpleGetChats"):
            if self.ask("PurpleConversationGetTitle", one) == title:
                users = self.ask("PurpleConvChatGetUsers", self.ask("PurpleConversationGetChatData", one))
                return sorted(self.ask("PurpleConvChatCbGetName", user) for user in users)
        return []

    def chat_size(self, title):
        """How many are listed; chat_members() asks for each name, which takes long."""
        for one in self.ask("PurpleGetChats"):
            if self.ask("PurpleConversationGetTitle", one) == title:
                return len(self.ask("PurpleConvChatGetUsers", self.ask("PurpleConversationGetChatData", one)))
        return 0
    def is_typing(self, title):
        """Whether the partner of this IM is shown as typing."""
        for one in self.ask("PurpleGetIms"):
            if self.ask("PurpleConversationGetTitle", one) == title:
                return self.ask("PurpleConvImGetTypingState", self.ask("PurpleConvIm", one)) == 1
        return False

    def status(self, name):
        """The status of the buddy that the list shows by this name."""
        for buddy in self.ask("PurpleFindBuddies", self.account(), ""):
            if self.ask("PurpleBuddyGetAlias", buddy) == name:
                presence = self.ask("PurpleBuddyGetPresence", buddy)
                return self.ask("PurpleStatusGetId", self.ask("PurplePresenceGetActiveStatus", presence))
        return None

    # By keyboard

    def _matrix_position(self):
        """How often Down takes the protocol menu from its first entry to Matrix."""
        probed = set(re.findall(r"plugins: probing .*/(lib\w+\.so)", self.debug_log()))
        return len(probed & BEFORE_MATRIX)

    def _choose_matrix(self):
        self.desktop.key("space")
        for _ in range(self._matrix_position()):
            self.desktop.key("Down")
        self.desktop.key("Return")

    def add_account(self, user_id, password, home_server, shot=None, create=False):
        """Through the editor, which a fresh Pidgin offers by itself; create: ticks "Create this new account"."""
        desktop = self.desktop
        desktop.focus(desktop.wait_window("Accounts"))
        desktop.key("alt+a")
        editor = desktop.focus(desktop.wait_window("Add Account"))
        self._choose_matrix()
        desktop.focus(editor)
        desktop.key("alt+u")
        desktop.type(user_id)
        desktop.key("Tab")
        desktop.type(password)
        if shot:
            desktop.shot(shot + "-basic", editor)
        desktop.key("alt+v", "Tab")
        desktop.type(home_server)
        if shot:
            desktop.shot(shot + "-advanced", editor)
        if create:
            desktop.key("alt+t")
        desktop.key("alt+a")
        desktop.wait_no_window("Add Account")
        desktop.focus(desktop.wait_window("Accounts"))
        desktop.key("alt+c")
        desktop.wait_no_window("Accounts")

    def _open_accounts_menu(self):
        self.desktop.focus(self.desktop.wait_window("Buddy List"))
        self.desktop.key("alt+a")

    def disable_account(self, name):
        """With the menu; the last entry of the account's own menu is "Disable"."""
        accounts = [self.ask("PurpleAccountGetUsername", one) for one in self.ask("PurpleAccountsGetAllActive")]
        self._open_accounts_menu()
        self.desktop.key(*["Down"] * (accounts.index(name) + 1), "Right", "Up", "Return")
        wait_until(lambda: name not in self.connected(), 10, f"{name} to be disconnected", 0.1)

    def enable_account(self, name):
        """The only one that is disabled: the first of the menu that lists those."""
        self._open_accounts_menu()
        self.desktop.key("Down", "Right", "Return")
        wait_until(lambda: name in self.connected(), 30, f"{name} to be connected", 0.1)

    def select_in_list(self, name):
        """Searches the buddy list; the search stays open."""
        desktop = self.desktop
        window = str(desktop.focus(desktop.wait_window("Buddy List")))
        # Below the last row: the list gets the keyboard, and nothing is chosen.
        desktop.run("xdotool", "mousemove", "--window", window, "125", "320", "click", "1")
        desktop.run("xdotool", "mousemove", "1200", "880")
        desktop.key("ctrl+f")
        desktop.type(name)

    def open_from_list(self, name):
        """Searches the buddy list and presses Enter on what is found."""
        self.select_in_list(name)
        self.desktop.key("Return", "Return")
        return self.desktop.wait_window(re.escape(name))

    def show_tab(self, title, titles):
        """Brings the tab `title` to the front in the window that shows one of `titles`."""
        window = self.desktop.wait_window("|".join(map(re.escape, titles)))
        self.desktop.focus(window)
        for _ in titles:
            if self.desktop.windows(re.escape(title)):
                return window
            self.desktop.key("ctrl+Tab")
            if self.desktop.appears(re.escape(title), 1):
                return window
        return self.desktop.wait_window(re.escape(title), 2)

    def say(self, window, text):
        self.desktop.focus(window)
        self.desktop.type(text)
        self.desktop.key("Return")

    def read(self, window):
        """The lines that a conversation window shows."""
        desktop = self.desktop
        path = os.path.join(desktop.folder, "saved.html")
        if os.path.exists(path):
            os.unlink(path)
        for _ in range(3):  # on a busy machine the file chooser may miss a key
            desktop.focus(window)
            desktop.key("alt+c", "s")
            desktop.focus(desktop.wait_window("Save Conversation"))
            desktop.key("ctrl+a")
            desktop.type(path)
            desktop.key("alt+s")
            if desktop.goes("Save Conversation", 5):
                break
            desktop.key("Escape")
        wait_until(lambda: os.path.exists(path), 5, "the saved conversation")
        return read_saved(path)

    def wait_text(self, window, text, timeout=40):
        """Waits until a line with exactly this text is shown; gives all lines. Reading may take seconds."""

        def find():
            lines = self.read(window)
            return lines if any(line.text == text for line in lines) else None

        return wait_until(find, timeout, f"{text!r} in the window", 0.2)

    def close_tab(self, window):
        self.desktop.focus(window)
        self.desktop.key("ctrl+w")

    # Errors

    def error_sentence(self):
        """The description that Pidgin puts into the account's box in the buddy list."""
        match = re.search(r"Connection error on \S+ \(reason: \d+ description: (.*)\)$", self.debug_log(), re.MULTILINE)
        return match.group(1) if match else None

    def press_modify_account(self):
        """Goes with Tab to the button of that box, and presses it."""
        desktop = self.desktop
        for _ in range(8):
            desktop.focus(desktop.wait_window("Buddy List"))
            desktop.key("Tab", "Return")
            if desktop.appears("Modify Account", 0.7):
                return desktop.focus(desktop.wait_window("Modify Account"))
        raise AssertionError("no button “Modify Account” in the buddy list")
