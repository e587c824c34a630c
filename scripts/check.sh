#!/bin/sh
# `make check`: everything that can be known without running the tests. All steps run, then the verdict.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/lib.sh"
begin "$here"
need_system
need_venv
need_python base test check
end_install

failed=""
step() {
    name=$1; shift
    printf '%-12s ' "$name"
    if out=$("$@" 2>&1); then echo "ok"; else echo "FAILED"; echo "$out" | tail -n 60; failed="$failed $name"; fi
}

PATH="$here/.venv/bin:$PATH"
step style ruff check .
step format ruff format --check .
step imports lint-imports
step types python -m scripts.typecheck
step migrations python -m hezhi.wiring.checks migrations
step system python -m hezhi.wiring.checks system
step limits python -m hezhi.wiring.checks limits
step clauses python -m hezhi.wiring.checks clauses
step openapi python -m hezhi.wiring.checks openapi
step locks sh scripts/check_locks.sh
[ -z "$failed" ] || die "未通过:$failed" "Failed:$failed"
say "全部通过。" "All checks passed."
