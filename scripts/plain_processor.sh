#!/bin/sh
# Runs a command as on a plain processor: `sh scripts/plain_processor.sh COMMAND ...`.
#
# Every library that chooses instructions by the processor is told to take the plainest ones, so that sums come out
# with other last digits than usual. What there is to switch off is asked of the installed numpy: names it does not
# know would be warned of, and they differ from version to version and from x86 to ARM.
# KEEP_AVX2=1 switches off numpy's AVX-512 only, and nothing else: as on an ordinary laptop.
set -eu

python="${PYTHON:-}"
if [ -z "$python" ]; then
    here=$(cd "$(dirname "$0")/.." && pwd)
    python=python3
    [ -x "$here/.venv/bin/python" ] && python="$here/.venv/bin/python"
fi
unset NPY_DISABLE_CPU_FEATURES NPY_ENABLE_CPU_FEATURES

all=$("$python" -c 'from numpy._core._multiarray_umath import __cpu_dispatch__; print(*__cpu_dispatch__)')
if [ -n "${KEEP_AVX2:-}" ]; then
    some=""
    for name in $all; do
        case $name in X86_V4 | AVX512*) some="$some $name" ;; esac
    done
    export NPY_DISABLE_CPU_FEATURES="${some# }"
    exec "$@"
fi

export NPY_DISABLE_CPU_FEATURES="$all"
case $(uname -m) in
    x86_64 | amd64)
        OPENBLAS_CORETYPE=Nehalem
        # exp, log and their kin of the C library, which ITK and numba call; another C library does not look at it.
        export GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4"
        ;;
    aarch64 | arm64) OPENBLAS_CORETYPE=ARMV8 ;;
    *) OPENBLAS_CORETYPE="" ;;
esac
if [ -n "$OPENBLAS_CORETYPE" ]; then export OPENBLAS_CORETYPE; else unset OPENBLAS_CORETYPE; fi
export ATEN_CPU_CAPABILITY=default
export NUMBA_CPU_NAME=generic
# Code compiled for one processor must not be found by the other.
export NUMBA_CACHE_DIR="${NUMBA_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/samesplit/numba}-plain"
exec "$@"
