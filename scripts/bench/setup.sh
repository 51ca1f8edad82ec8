#!/bin/sh
# Installs the peers that `make bench` measures. One that cannot be installed is named in the page as absent.
set -u
cd "$(dirname "$0")/../.."
.venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -r scripts/bench/requirements.txt ||
    .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt mirp ||
    echo "Some peers could not be installed; they are left out."
for wanted in scripts/bench/requirements-*.txt; do
    version=$(basename "$wanted" .txt | sed 's/requirements-//')
    venv=.venv-bench-$version
    [ -f "$venv/.installed" ] && continue
    if ! command -v "python$version" >/dev/null 2>&1 || ! "python$version" -m venv "$venv" 2>/dev/null; then
        echo "There is no python$version: what needs it is left out."
        rm -rf "$venv"
        continue
    fi
    if "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$wanted"; then
        touch "$venv/.installed"
    else
        echo "$wanted could not be installed: what it names is left out."
        rm -rf "$venv"
    fi
done
