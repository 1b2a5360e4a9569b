# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a decrypted event costs beside libolm's own work, in instructions, which are the same on every machine.

Usage: decrypt_cost.py TEST-DECRYPT, the built unit test. TAP; without valgrind it is skipped."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

EVENTS = 60  # of /decrypt/many
LIMIT = 1_000_000
ROW = re.compile(r"^\s*([\d,]+) .*[:/](\w+)(?: \[|$)")


def measure(program, folder):
    """Instructions with all that is called, by function."""
    out = os.path.join(folder, "out")
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--toggle-collect=mx_decrypt_run"]
    env = {**os.environ, "MALLOC_PERTURB_": "0"}  # which meson sets, and which costs
    subprocess.run([*command, program, "-p", "/decrypt/many"], check=True, capture_output=True, timeout=240, env=env)
    command = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", out]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    counts = {}
    for line in text.splitlines():
        row = ROW.match(line)
        if row:
            counts.setdefault(row[2], int(row[1].replace(",", "")))
    return counts


def main():
    if not shutil.which("valgrind") or not shutil.which("callgrind_annotate"):
        print("1..1\nok 1 - cost of an event # SKIP needs valgrind")
        return
    with tempfile.TemporaryDirectory() as folder:
        counts = measure(sys.argv[1], folder)
    libolm = counts["olm_group_decrypt"]
    own = (counts["mx_decrypt_run"] - libolm) // EVENTS
    print(f"1..1\n# {own:,} instructions for an event, beside {libolm // EVENTS:,} of libolm; {LIMIT:,} may be")
    print(f"{'ok' if 0 < own < LIMIT else 'not ok'} 1 - cost of an event")


if __name__ == "__main__":
    main()
