#!/bin/sh
# Renew the lock files from requirements/*.in and package.json: hashes yes, addresses of registries no.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/lib.sh"
begin "$here"
need_python lock
cd requirements
for group in base test bench check node lock; do
    ../.venv/bin/uv pip compile -q --universal -p 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command "make lock" "$group.in" -o "$group.txt"
done
cd ..
npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
if grep -lE 'https?://|--index-url|--extra-index-url|--find-links' requirements/*.txt || grep -q '"resolved"' package-lock.json; then
    die "锁定文件中出现了软件源地址。" "A lock file names a registry."
fi
