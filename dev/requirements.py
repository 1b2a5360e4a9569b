# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks tests/requirements.md, as TAP: each row of its tables maps a requirement ID to tests, and those exist.

A row is `| ID | what | tests |`; tests are in backticks, each `path-below-tests` or `path-below-tests::name`, where
name is a Python function or any text of a C test file, such as the path of a GLib test.

--attacks prints, in one table, which test shows that which attack on the encryption is refused."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "tests", "requirements.md")
ROW = re.compile(
    r"^\|\s*\**([A-Z]\d+[a-z]?|\d[\d.]*|[A-Za-z]+ [A-Z]*[\d.]+|[A-Z]\d+-[A-Z]?\d+)\**\s*\|.*\|([^|]*)\|\s*$"
)


ATTACK_ROW = re.compile(r"^\|\s*Attack (X[A-Z]\d+)\s*\|([^|]*)\|([^|]*)\|\s*$")
NO_TARGET = re.compile(r"^- Attack (X[A-Z]\d+(?:, X[A-Z]\d+)*): (.*)$")
ATTACKS = {"XN": 9, "XK": 9, "XM": 7, "XS": 10, "XV": 11, "XB": 8, "XR": 10}  # how many there are of each kind


def find_problem(reference):
    """None when the test exists."""
    path, _, name = reference.partition("::")
    full = os.path.join(ROOT, "tests", path)
    if not os.path.exists(full):
        return f"no file tests/{path}"
    if not name:
        return None
    with open(full, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".py"):
        found = re.search(rf"^\s*def {re.escape(name)}\(", text, re.MULTILINE)
    else:
        found = name in text
    return None if found else f"tests/{path} has no {name}"


def check_row(requirement, cell):
    references = re.findall(r"`([^`]+)`", cell)
    if not references:
        return ["no test named"]
    return [problem for problem in map(find_problem, references) if problem]


def read_attacks(lines):
    """{ID: [(what, cell of tests)]}, {ID: what is not there yet}"""
    shown, missing = {}, {}
    for line in lines:
        row, note = ATTACK_ROW.match(line), NO_TARGET.match(line)
        if row:
            shown.setdefault(row[1], []).append((row[2].strip(), row[3].strip()))
        elif note:
            missing.update(dict.fromkeys(note[1].split(", "), note[2]))
    return shown, missing


def find_unnamed(lines):
    """Attacks that the table does not speak of."""
    shown, missing = read_attacks(lines)
    known = [f"{kind}{number}" for kind, count in ATTACKS.items() for number in range(1, count + 1)]
    return [one for one in known if one not in shown and one not in missing]


def print_attacks(lines):
    shown, missing = read_attacks(lines)
    print("| Attack | what is refused | tests |\n|---|---|---|")
    for kind, count in ATTACKS.items():
        for one in (f"{kind}{number}" for number in range(1, count + 1)):
            for what, tests in shown.get(one, []):
                print(f"| {one} | {what} | {tests} |")
            if one not in shown:
                print(f"| {one} | not built yet: {missing.get(one, 'not named')} | |")


def main():
    if not os.path.exists(TABLE):
        print("ok 1 - requirements # SKIP there is no tests/requirements.md\n1..1")
        return 0
    with open(TABLE, encoding="utf-8") as file:
        lines = file.read().splitlines()
    if sys.argv[1:] == ["--attacks"]:
        print_attacks(lines)
        return 0
    rows = [match.groups() for match in map(ROW.match, lines) if match]
    failed = 0
    for number, (requirement, cell) in enumerate(rows, 1):
        problems = check_row(requirement, cell)
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {requirement}")
        for problem in problems:
            print(f"#   {problem}")
    unnamed = find_unnamed(lines)
    print(f"{'not ok' if unnamed else 'ok'} {len(rows) + 1} - every attack is named")
    if unnamed:
        print(f"#   {', '.join(unnamed)}")
    if not rows:
        print("#   tests/requirements.md has no row")
    print(f"1..{len(rows) + 1}")
    return 1 if failed or unnamed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
