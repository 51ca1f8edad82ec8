#!/bin/sh
# Sets up .venv with everything pinned in constraints.txt. What is missing is said in the first line.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "samesplit cannot be set up: $1" >&2; shift; for line in "$@"; do echo "  $line" >&2; done; exit 1; }
on_debian() { command -v apt-get >/dev/null 2>&1; }
# On a fresh Debian or Ubuntu run as root (a container, usually) the missing system packages are installed;
# anyone else is told the one command that does it.
need_package() {
    if on_debian && [ "$(id -u)" = 0 ] && [ "${SAMESPLIT_NO_APT:-}" = "" ]; then
        echo "Installing $1 ($2 is missing)"
        apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $1 >/dev/null && return
    fi
    fail "$2 is missing" "On Debian or Ubuntu: sudo apt-get install $1"
}

python="${PYTHON:-python3}"
command -v "$python" >/dev/null 2>&1 || fail "python3 is missing" "On Debian or Ubuntu: sudo apt-get install python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
    "python3 is $("$python" -c 'import platform; print(platform.python_version())'), and 3.11 or later is needed" \
    "Name a newer one with: make PYTHON=/path/to/python3.11"
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || need_package build-essential "a C compiler (cc)"

stamp=.venv/.samesplit-installed
wanted="$(cat pyproject.toml constraints.txt scripts/setup.sh | cksum) $("$python" -c 'import sys; print(sys.version)')"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

free_kb=$(df -Pk . | awk 'NR == 2 {print $4}')
[ -d .venv ] || [ "$free_kb" -ge 7000000 ] || fail "only $((free_kb / 1000000)) GB of disk are free, and 7 GB are needed"
major=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import ensurepip, venv' 2>/dev/null || need_package "python$major-venv" "Python's venv module"
headers=$("$python" -c 'import os, sysconfig; print(os.path.join(sysconfig.get_paths()["include"], "Python.h"))')
[ -f "$headers" ] || need_package "python$major-dev" "Python's C header (Python.h)"

echo "Setting up .venv (about 5 GB; some minutes)"
[ -x .venv/bin/python ] || "$python" -m venv .venv
# pip's own progress is long: it goes to a log, and the log's end is shown only when something fails.
log=.venv/setup.log
.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
    --editable '.[dev]' >"$log" 2>&1 || { tail -n 25 "$log" >&2; fail "pip could not install the packages (above)" "Whole log: $log"; }
# The validator of RO-Crates needs another version of rich than import-linter, hence an environment of its own.
# Only tests of `samesplit export` use it, and they say so where it is missing.
{ "$python" -m venv .venv/ro-crate && .venv/ro-crate/bin/python -m pip install --quiet --disable-pip-version-check \
    roc-validator==0.13.0; } >>"$log" 2>&1 || echo "The validator of RO-Crates could not be installed (see $log)"
printf '%s' "$wanted" >"$stamp"
echo "Ready: .venv/bin/samesplit"
