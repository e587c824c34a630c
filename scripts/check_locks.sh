#!/bin/sh
# Lock files name no registry and still fit what they were made from.
set -eu
cd "$(dirname "$0")/.."
if grep -nE 'https?://|--index-url|--extra-index-url|--find-links' requirements/*.txt; then exit 1; fi
if grep -n '"resolved"' package-lock.json; then exit 1; fi
.venv/bin/python - <<'PY'
import re
from pathlib import Path

for source in sorted(Path("requirements").glob("*.in")):
    names = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", source.read_text(), re.M)
    locked = source.with_suffix(".txt").read_text().lower().replace("_", "-").replace(".", "-")
    for name in names:
        plain = re.sub(r"[._]", "-", name.lower())
        assert re.search(rf"^{re.escape(plain)}(\[.*\])?==", locked, re.M), f"{source}: {name} is not in the lock file; run make lock"
PY
