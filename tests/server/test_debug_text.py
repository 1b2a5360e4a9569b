# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The debug text, which people send to strangers, tells nothing of what an encrypted session knows."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from test_encryption import EVERY_DEVICE, check_heard, direct_with, wait_signed
from test_recovery import DEFAULT_KEY, SECRETS, master_key, recover, set_up_recovery, wait_notice
from test_recovery import wait_signed as wait_own_signed
from told import database_value, debug_texts, find_told, secrets_of, spellings

PASSPHRASE = "correct horse é battery"
_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def raw_key(recovery_key):
    """The 32 bytes in a recovery key."""
    number = 0
    for digit in recovery_key.replace(" ", ""):
        number = number * 58 + _DIGITS.index(digit)
    return number.to_bytes(35, "big")[2:34]


def decode(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


def open_secret(person, name, key):
    """A secret of the account data, as base64."""
    key_id = person.client.account_data(DEFAULT_KEY)["key"]
    sealed = person.client.account_data(name)["encrypted"][key_id]
    keys = HKDF(SHA256(), 64, b"\0" * 32, name.encode()).derive(key)
    cipher = Cipher(algorithms.AES(keys[:32]), modes.CTR(decode(sealed["iv"]))).decryptor()
    return (cipher.update(decode(sealed["ciphertext"])) + cipher.finalize()).decode()


def access_token(one):
    (path,) = Path(one.user_dir).rglob("account.db")
    return database_value(path, "access_token")


def ratchet(exported):
    """The secret part of a Megolm key, after version and index, as base64 has it in each of its forms."""
    return exported[8:96]


def secrets_of_account(one, recovery_key):
    """Of the account whose process has ended."""
    person = one.person
    key = raw_key(recovery_key)
    seeds = [decode(open_secret(person, name, key)) for name in SECRETS]
    master = Ed25519PrivateKey.from_private_bytes(seeds[0]).public_key().public_bytes_raw()
    assert master == decode(master_key(person)), "these are its secrets"
    (key_file,) = Path(one.user_dir).rglob("*.key")
    return {
        "access token": [access_token(one)],
        "password": [person.password],
        "recovery key": [recovery_key, recovery_key.replace(" ", ""), *spellings(key)],
        "passphrase": [PASSPHRASE],
        "identity": [word for seed in seeds for word in spellings(seed)],
        "key of the database": spellings(key_file.read_bytes()),
    }


def test_nothing_secret_is_told(alice, js_bob, seat):
    """A7: with recovery, messages both ways, a kill, another device that recovers, and what fails."""
    one, two = seat(alice, **EVERY_DEVICE), seat(alice)
    one.open()
    wait_own_signed(alice, 1)
    recovery_key = set_up_recovery(one, PASSPHRASE)
    wait_signed(js_bob, alice)
    room = direct_with(js_bob, alice)
    bob = js_bob.user_id
    one.driver.wait_node(bob)
    texts = ["heliotrope from Bob", "celadon from Alice", "vermilion from Bob", "periwinkle from Alice"]
    for number in (0, 2):
        js_bob.send(room, texts[number])
        one.driver.wait_line(texts[number], bob)
        one.say_to(bob, texts[number + 1])
        check_heard(js_bob, room, texts[number + 1])
        one.kill()
        one.open().wait_node(bob)
    two.open()
    wait_notice(two, 0, "This device is not signed")
    recover(two, key=recovery_key[:-1], expected="Nothing was recovered")
    recover(two, passphrase=PASSPHRASE)
    wait_own_signed(alice, 2)
    sessions = js_bob.exported_keys(room)
    assert len(sessions) == 2
    one.quit()
    two.quit()
    secrets = secrets_of_account(one, recovery_key)
    secrets["token of the second"] = [access_token(two)]
    secrets["messages"] = [text.split()[0] for text in texts]
    secrets["Megolm keys"] = [ratchet(key) for key in sessions.values()]
    assert all(len(word) > 6 for words in secrets.values() for word in words), "nothing to look for"
    assert find_told([one, two], {"what is no secret": [alice.user_id]}), "nowhere to look"
    assert find_told([one, two], secrets) == []


def test_what_is_told_is_found(alice, bob, direct_room, seat):
    """What is looked for after every test would be found."""
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    one.say_to(bob.user_id, "a sentence of Alice")
    bob.client.say(direct_room, "a sentence of Bob")
    one.driver.wait_line("a sentence of Bob", bob.user_id)
    wait_own_signed(alice, 1)
    set_up_recovery(one, PASSPHRASE)
    one.quit()
    secrets = secrets_of(one)
    assert find_told([one], secrets) == []
    ((path, text),) = debug_texts(one).items()
    words = [word for texts in secrets.values() for word in texts]
    assert len(secrets) == 6 and all(secrets.values())
    assert {access_token(one), PASSPHRASE, "a sentence of Alice", "a sentence of Bob"} <= set(words)
    for word in words:
        Path(path).write_text(f"{text} {word}", "utf-8")
        assert find_told([one], secrets), word
    Path(path).write_text(text, "utf-8")
