# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks tests/requirements.md, as TAP: each row of its tables maps a requirement ID to tests, and those exist.

A row is `| ID | what | tests |`; tests are in backticks, each `path-below-tests` or `path-below-tests::name`, where
name is a Python function or any text of a C test file, such as the path of a GLib test."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "tests", "requirements.md")
ROW = re.compile(
    r"^\|\s*\**([A-Z]\d+[a-z]?|\d[\d.]*|[A-Za-z]+ [A-Z]*[\d.]+|[A-Z]\d+-[A-Z]?\d+)\**\s*\|.*\|([^|]*)\|\s*$"
)


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


def main():
    if not os.path.exists(TABLE):
        print("ok 1 - requirements # SKIP there is no tests/requirements.md\n1..1")
        return 0
    with open(TABLE, encoding="utf-8") as file:
        rows = [match.groups() for match in map(ROW.match, file) if match]
    failed = 0
    for number, (requirement, cell) in enumerate(rows, 1):
        problems = check_row(requirement, cell)
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {requirement}")
        for problem in problems:
            print(f"#   {problem}")
    if not rows:
        print("not ok 1 - tests/requirements.md has no row")
    print(f"1..{max(1, len(rows))}")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
