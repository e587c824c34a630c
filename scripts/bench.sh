#!/bin/sh
# `make bench`: our figures beside a peer's, in the same run (bench/).
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/lib.sh"
begin "$here"
# wrk makes the crowd; pgbench comes with PostgreSQL.
# shellcheck disable=SC2046
need_system $(has wrk || echo wrk)
need_venv
need_python base test bench
need_node
end_install
exec .venv/bin/python -m bench "$@"
