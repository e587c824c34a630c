"""A real Spark cluster of one's own (测试用 Spark 集群): a standalone master and two workers on the loopback.

Ports are free ones chosen by the system. Everything started here is ended here, by its process group.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 300
LEAN = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
"""Short lives in little memory: no parallel collector, no optimising compiler, no second look at Spark's own classes."""
HOST = "127.0.0.1"


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[tuple[str, dict[str, str]]]:
    """The master's address and the options of a small driver, once all workers have come."""
    import pyspark

    logging.getLogger("py4j").setLevel(logging.WARNING)
    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13", "SPARK_LOCAL_IP": HOST, "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": LEAN, "SPARK_WORKER_DIR": str(folder / "work"), "PYSPARK_PYTHON": sys.executable,
    }  # fmt: skip
    with ExitStack() as stack:

        def start(name: str, kind: str, *words: str) -> Path:
            told = folder / f"{name}.log"
            java = ["java", "-cp", f"{home}/jars/*", "-Xmx256m", *LEAN.split(), f"org.apache.spark.deploy.{kind}"]
            stack.enter_context(_process([*java, "--host", HOST, "--webui-port", "0", *words], told, environment))
            return told

        master = _wait(start("master", "master.Master", "--port", "0"), r"Starting Spark master at (spark://\S+)")[0]
        for n in range(workers):
            start(f"worker{n}", "worker.Worker", "--port", "0", "--cores", "1", "--memory", "512m", master)
        _wait(folder / "master.log", r"Registering worker", workers)
        stack.enter_context(_variables(SPARK_HOME=str(home), SPARK_LOCAL_IP=HOST, PYSPARK_PYTHON=sys.executable))
        stack.callback(_end_driver)
        yield master, {
            "spark.driver.host": HOST, "spark.driver.bindAddress": HOST, "spark.driver.memory": "512m",
            "spark.executor.memory": "512m", "spark.executor.cores": "1", "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2", "spark.sql.adaptive.enabled": "false",
            "spark.driver.extraJavaOptions": LEAN, "spark.executor.extraJavaOptions": LEAN,
            "spark.sql.warehouse.dir": str(folder / "warehouse"), "spark.ui.showConsoleProgress": "false",
        }  # fmt: skip


def _end_driver() -> None:
    """The driver's own Java outlives its session; a test process does not keep it."""
    from pyspark import SparkContext

    gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(PATIENCE)


@contextmanager
def _process(command: Sequence[str], told: Path, environment: dict[str, str]) -> Iterator[None]:
    with told.open("wb") as log:
        running: Any = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _wait(told: Path, pattern: str, times: int = 1) -> list[str]:
    """What a process has said, once it has said it so often."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = re.findall(pattern, told.read_text(errors="replace"))
        if len(found) >= times:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"{told.name} never said «{pattern}»:\n{told.read_text(errors='replace')[-2000:]}")


@contextmanager
def _variables(**wanted: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
