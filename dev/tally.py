# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sums what the suites of dev/test left in a folder, one file each:

NAME.json     meson's testlog; a test that speaks TAP counts by its subtests
NAME.xml      pytest's JUnit file
NAME.tap      TAP
NAME.failed   the suite could not run; the text says why; counts as one failure
NAME.skipped  the same, for want of something; "COUNT REASON"; a failure in CI for the suites named there
NAME.unsteady failures of NAME, one a line as tally.py prints them, that passed when they were run again alone

The last line is "N passed, N failed, N skipped".

With --failures FILE: what of one such file to run again, one name a line; with --whole the names as the tally
prints them."""

import glob
import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter

IN_CI = os.environ.get("CI") == "true"
NEEDED_IN_CI = {"unit", "purple", "server", "ui"}
_TAP = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?(.*)$", re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def count_tap(text):
    """Counts and the names of what failed; only the outermost level."""
    counts, failures = Counter(), []
    for refused, rest in _TAP.findall(text):
        if re.search(r"#\s*(SKIP|TODO)", rest, re.IGNORECASE):
            counts["skipped"] += 1
        elif refused:
            counts["failed"] += 1
            failures.append(rest)
        else:
            counts["passed"] += 1
    return counts, failures


def _count_meson_test(test):
    counts, failures = count_tap(test.get("stdout", ""))
    result = test["result"]
    if not counts:
        key = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(result, "failed")
        counts[key] = 1
        failures = [result] if key == "failed" else []
    elif result not in ("OK", "SKIP", "EXPECTEDFAIL") and not counts["failed"]:
        counts["failed"] += 1
        failures = [result]
    return counts, [f"{test['name']}: {failure}" for failure in failures]


def count_meson(path):
    counts, failures = Counter(), []
    for line in read(path).splitlines():
        one, names = _count_meson_test(json.loads(line))
        counts += one
        failures += names
    if not counts:
        return Counter(failed=1), ["no test was run"]
    return counts, failures


def count_junit(path):
    counts, failures = Counter(), []
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            counts["failed"] += 1
            failures.append(f"{case.get('classname')}::{case.get('name')}")
        elif case.find("skipped") is not None:
            counts["skipped"] += 1
        else:
            counts["passed"] += 1
    if not counts:
        return Counter(failed=1), ["no test was run"]
    return counts, failures


def count_skipped(path):
    count, _, reason = read(path).strip().partition(" ")
    suite = os.path.splitext(os.path.basename(path))[0]
    if IN_CI and suite in NEEDED_IN_CI:
        return Counter(failed=int(count)), [f"not run: {reason}"]
    print(f"*** {suite} WAS NOT RUN: {reason}")
    return Counter(skipped=int(count)), []


def read_unsteady(folder, suite):
    path = os.path.join(folder, f"{suite}.unsteady")
    return read(path).splitlines() if os.path.exists(path) else []


def print_failures(path, whole):
    """A program of meson, or pytest's name of a test."""
    _, failures = READERS[os.path.splitext(path)[1]](path)
    if whole:
        names = failures
    elif path.endswith(".xml"):
        names = [failure.replace("::", ".py::", 1) for failure in failures]
    else:
        names = [failure.partition(" / ")[2].partition(":")[0] for failure in failures]
    print("\n".join(dict.fromkeys(names)))


READERS = {
    ".json": count_meson,
    ".xml": count_junit,
    ".tap": lambda path: count_tap(read(path)),
    ".failed": lambda path: (Counter(failed=1), [read(path).strip()]),
    ".skipped": count_skipped,
}


def main():
    if sys.argv[1] == "--failures":
        print_failures(sys.argv[2], "--whole" in sys.argv)
        return 0
    total = Counter()
    print(f"\n{'suite':<14}{'passed':>8}{'failed':>8}{'skipped':>9}")
    problems = []
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*"))):
        suite, suffix = os.path.splitext(os.path.basename(path))
        if suffix not in READERS:
            continue
        counts, failures = READERS[suffix](path)
        for name in read_unsteady(sys.argv[1], suite):
            if name in failures:
                failures.remove(name)
                counts.update(failed=-1, passed=1)
                print(f"UNSTEADY {suite}: {name} (failed beside others, passed alone three times)")
        total += counts
        print(f"{suite:<14}{counts['passed']:>8}{counts['failed']:>8}{counts['skipped']:>9}")
        problems += [f"{suite}: {failure}" for failure in failures]
    for problem in problems:
        print(f"FAILED {problem}")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
