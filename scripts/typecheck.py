"""mypy with a baseline that only shrinks (类型检查).

Strict everywhere. Complaints about ground, engines, any rules.py or api.py always fail; those about other
files fail unless they stand in mypy-baseline.txt (file, kind and sentence, without line numbers).
`python -m scripts.typecheck --shrink` rewrites the baseline, and refuses to let it grow.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

BASELINE = Path("mypy-baseline.txt")
LINE = re.compile(r"^(?P<path>[^:]+):\d+(?::\d+)?: error: (?P<rest>.*)$")


def is_strict(path: str) -> bool:
    return path.startswith(("hezhi/ground/", "hezhi/engines/")) or Path(path).name in {"rules.py", "api.py"}


def main(words: list[str]) -> int:
    done = subprocess.run([sys.executable, "-m", "mypy"], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        print(done.stdout, done.stderr)
        return done.returncode
    found = [(match["path"], match["rest"], line) for line in done.stdout.splitlines() if (match := LINE.match(line))]
    known = Counter(BASELINE.read_text().splitlines()) if BASELINE.exists() else Counter()
    now = Counter(f"{path}: {rest}" for path, rest, _ in found if not is_strict(path))
    if "--shrink" in words:
        return shrink(now, known)
    allowed, new = known.copy(), []
    for path, rest, line in found:
        if not is_strict(path) and allowed[f"{path}: {rest}"] > 0:
            allowed[f"{path}: {rest}"] -= 1
        else:
            new.append(line)
    print("\n".join(new))
    print(f"{len(new)} new type errors, {sum(now.values())} of {sum(known.values())} in the baseline remain")
    return 1 if new else 0


def shrink(now: Counter[str], known: Counter[str]) -> int:
    kept = now & known if known else now
    BASELINE.write_text("".join(f"{line}\n" for line in sorted(kept.elements())))
    grown = now - kept
    print(f"{sum(kept.values())} in the baseline; {sum(grown.values())} new ones are yours to mend")
    return 1 if grown else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
