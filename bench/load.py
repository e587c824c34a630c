"""The crowd (施压): wrk, whose own cost is small, sending ever new messages over kept connections."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("crowd.lua")


@dataclass(frozen=True)
class Answered:
    """What one round brought: requests a second, milliseconds, and answers that were not «created»."""

    requests: int
    rps: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    not_created: int
    socket_errors: int


def crowd(port: int, path: str, key: str, *, concurrency: int, seconds: float, points: Path) -> Answered:
    """Send messages from so many connections for so long. wrk is a Debian package (apt install wrk)."""
    command = [
        "wrk", "--threads", "1", "--connections", str(concurrency), "--duration", f"{seconds:.0f}s",
        "--timeout", "10s", "--script", str(SCRIPT), f"http://127.0.0.1:{port}{path}", "--", key, str(points),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"wrk failed: {done.stdout} {done.stderr}")
    told = json.loads(done.stdout[done.stdout.rindex("{") :])
    return Answered(**told)
