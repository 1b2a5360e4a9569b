# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Shared by dev/try and dev/test: Debian packages, the virtual environment of the server tests, builds.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REQUIREMENTS=$ROOT/tests/server/requirements.txt

# What a build needs; README.md names the same, but for what comes with these.
BUILD_PACKAGES=(gcc libc6-dev pkg-config meson ninja-build gettext libpurple-dev libglib2.0-dev
    libjson-glib-dev libsoup-3.0-dev libsqlite3-dev
    libolm-dev libsodium-dev libgcrypt20-dev libsecret-1-dev libcmark-dev libqrencode-dev)
SERVER_PACKAGES=(python3 python3-venv openssl ca-certificates)
PIDGIN_PACKAGES=(pidgin)
FINCH_PACKAGES=(finch)
TEST_PACKAGES=(git binutils valgrind clang clang-format
    pidgin finch tmux xvfb xdotool openbox dbus dbus-x11 imagemagick zbar-tools)
# Servers of other networks, started by a test on ports of its own and never by the system.
SERVICE_PACKAGES=(prosody ngircd)

say() {
    printf '\n== %s\n' "$*"
}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# need_packages NAME...: installs those that are missing, and only then asks for anything.
need_packages() {
    local missing=() name
    if ! command -v dpkg-query >/dev/null; then
        echo "Not a Debian system: these must be there already: $*" >&2
        return 0
    fi
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    say "Installing ${missing[*]}"
    as_root apt-get update -q || true
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}"
}

POLICY=/usr/sbin/policy-rc.d

# forbid_services NAME...: says to Debian's installer that these are not to be started.
forbid_services() {
    local IFS='|'
    printf '#!/bin/sh\ncase ${1%%.service} in %s) exit 101 ;; esac\n' "$*" | as_root tee "$POLICY" >/dev/null &&
        as_root chmod 755 "$POLICY"
}

# need_services NAME...: installs packages of servers that are missing; those are neither started nor enabled.
need_services() {
    local missing=() name policy_is_ours= result
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    { [ ${#missing[@]} = 0 ] || ! command -v dpkg-query >/dev/null; } && return 0
    if [ ! -e "$POLICY" ]; then
        policy_is_ours=yes
        forbid_services "${missing[@]}" || return
    fi
    need_packages "${missing[@]}"
    result=$?
    for name in "${missing[@]}"; do
        is_installed "$name" && as_root update-rc.d "$name" disable
    done
    [ -n "$policy_is_ours" ] && as_root rm -f "$POLICY"
    return $result
}

# build DIR [MESON OPTION...]: sets up when needed, and compiles TARGETS (or all).
TARGETS=()
build() {
    local dir=$1
    shift
    if [ ! -f "$dir/build.ninja" ]; then
        meson setup "$dir" "$ROOT" "$@" || return
    elif [ $# -gt 0 ]; then
        meson configure "$dir" "$@" || return
    fi
    ninja -C "$dir" "${TARGETS[@]}"
}

venv_dir() {
    local hash
    hash=$(sha256sum "$REQUIREMENTS" | cut -c 1-12)
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/pidgin-matrix/venv-$hash"
}

# need_venv: the virtual environment with Synapse, outside the tree; kept from run to run.
need_venv() {
    local dir
    dir=$(venv_dir)
    [ -f "$dir/complete" ] && return 0
    say "Making $dir with Synapse (once)"
    rm -rf "$dir"
    mkdir -p "$(dirname "$dir")"
    /usr/bin/python3 -m venv "$dir" || return
    "$dir/bin/pip" install --quiet --disable-pip-version-check -r "$REQUIREMENTS" || return
    touch "$dir/complete"
}

# need_peers: the encrypting clients of others that tests talk with, outside the tree too; kept from run to run.
need_peers() {
    need_packages python3-matrix-nio
    /usr/bin/python3 -B "$ROOT/tests/server/peer/install.py"
}
