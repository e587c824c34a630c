"""A private PostgreSQL cluster (私有数据库实例) in a folder of its own, on a port of its own.

Only the standard library and PostgreSQL's own programs. The server listens on loopback alone, every
role has a random password kept in a file of mode 0600, and the first run is atomic: a cluster is
prepared under another name and renamed when whole, so a half-finished one is never met again.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hezhi.wiring import machine
from hezhi.wiring.places import home, open_folder
from hezhi.wiring.voice import Trouble, fail, say

DATABASE = "hezhi"
OWNER, APP = "hezhi_owner", "hezhi_app"
EXTENSIONS = ("postgis", "pg_trgm", "pgcrypto", "btree_gist")
NEEDED_BYTES = 400 * 2**20
STARTS = 3

# Values must not reach the server's log: it is no place for personal data (see data protection).
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "jit": "off",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "max_wal_size": "'4GB'",
    "logging_collector": "on",
    "log_directory": "'log'",
    "log_filename": "'postgresql-%a.log'",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "'1d'",
    "log_line_prefix": "'%m [%p] %u@%d '",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# Without fsync a commit still reaches the kernel, so it survives a killed server, not a power cut.
CARELESS = {
    "fsync": "off", "full_page_writes": "off", "autovacuum": "off",
    "wal_level": "minimal", "max_wal_senders": "0", "wal_compression": "off", "max_wal_size": "'512MB'",
}  # fmt: skip
"""Of a server for tests, which may lie in memory: little is written ahead, and none of it is read again. A test's rows are never committed, so the server's own vacuum would find each table empty,
and from then on plan as if there were one row where there are hundreds."""


@dataclass(frozen=True)
class Cluster:
    """One cluster in `folder`. `durable=False` is for tests: it survives a killed process, not a power cut."""

    folder: Path
    durable: bool = True
    settings: dict[str, str] = field(default_factory=dict)

    # -- what it is ------------------------------------------------------------------------------

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def port(self) -> int:
        """The port of the running (or last running) server."""
        return int(self._notes()["port"])

    def url(self, role: str = APP, database: str = DATABASE) -> str:
        """The address of a database for `hezhi_app`, `hezhi_owner` or `postgres`."""
        notes = self._notes()
        return f"postgres://{role}:{notes['passwords'][role]}@127.0.0.1:{notes['port']}/{database}"

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """The two variables by which the settings find this cluster."""
        return {
            "DATABASE_URL": self.url(APP, database),
            "DATABASE_OWNER_URL": self.url(OWNER, database),
        }

    def pid(self) -> int | None:
        """The server's process, or None. A number left by a crash or a reboot is not believed."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split()[0])
            inside = os.readlink(f"/proc/{number}/cwd")
        except (OSError, ValueError, IndexError):
            return None
        return number if Path(inside) == self.data.resolve() else None

    # -- what one does with it -------------------------------------------------------------------

    def start(self) -> bool:
        """Make it if need be and start it; True when this call started it, False when it ran already."""
        with self._alone():
            if self.pid():
                return False
            self._check_disk()
            machine.check_passable(self.folder)
            if not self.data.exists():
                self._make()
            self._start(self.data)
            return True

    def stop(self, mode: str = "fast") -> bool:
        """Stop it; `mode` is PostgreSQL's: smart, fast or immediate. True when there was something to stop."""
        with self._alone():
            if not self.pid():
                return False
            self._pg_ctl(self.data, "stop", "-m", mode, "-w", "-t", "60")
            return True

    def kill(self) -> None:
        """Kill the server as a power cut would (kill -9), for tests of faults."""
        number = self.pid()
        if number:
            victims = [number, *machine.children(number)]
            for victim in victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            machine.wait_gone(victims)

    def remove(self) -> None:
        """Stop it and delete its folder with all data."""
        if self.folder.exists():
            self.stop("immediate")
            shutil.rmtree(self.folder)

    def sql(self, statement: str, database: str = DATABASE, role: str = "postgres") -> str:
        """Run a statement through psql and return what it prints, unaligned."""
        command = [machine.program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(role, database)]
        done = subprocess.run(command, input=statement, capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise Trouble(f"数据库语句执行失败：{done.stderr.strip()}", "A database statement failed (see above).")
        return done.stdout.strip()

    # -- how it is done --------------------------------------------------------------------------

    def _make(self) -> None:
        draft = self.folder / "data.part"
        shutil.rmtree(draft, ignore_errors=True)
        passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", OWNER, APP)}
        self._note({"port": machine.free_port(str(self.folder)), "passwords": passwords})
        draft.mkdir(mode=0o700)
        user = machine.server_user()
        if user:
            os.chown(draft, user.pw_uid, user.pw_gid)
        self._initdb(draft, passwords["postgres"])
        self._start(draft)
        try:
            self._furnish(passwords)
        finally:
            self._pg_ctl(draft, "stop", "-m", "fast", "-w")
        draft.rename(self.data)

    def _initdb(self, data: Path, password: str) -> None:
        # A bare environment would give SQL_ASCII, and in a C locale pg_trgm finds no Chinese.
        letter = self.folder / "password.part"
        _write_secret(letter, password)
        user = machine.server_user()
        if user:
            os.chown(letter, user.pw_uid, user.pw_gid)
        command = [machine.program("initdb"), "-D", str(data), "-U", "postgres", "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={letter}"]
        command += [] if self.durable else ["--no-sync"]
        try:
            self._run(command)
        finally:
            letter.unlink()

    def _furnish(self, passwords: dict[str, str]) -> None:
        """Two roles, and everything each later database inherits from template1."""
        self.sql(
            f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{passwords[OWNER]}';"
            f"CREATE ROLE {APP} LOGIN PASSWORD '{passwords[APP]}';"
            # A test's database goes whoever is still in it; in an installation the owner ends nobody.
            + ("" if self.durable else f"GRANT pg_signal_backend TO {OWNER};"),
            "postgres",
        )
        self.sql(
            "".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS)
            + f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER}"
            f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};"
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT ON SEQUENCES TO {APP};",
            "template1",
        )
        self.sql(f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template1;", "postgres")

    def _start(self, data: Path) -> None:
        """Start the server. Between our look at a port and the server's bind another process may take it, and
        a server killed a moment ago may still hold its memory: a failed start is tried again, on another port.
        """
        for attempt in range(STARTS):
            notes = self._notes()
            if attempt or not machine.is_free(notes["port"]):
                notes["port"] = machine.free_port(f"{self.folder}{'+' * attempt}")
                self._note(notes)
            self._configure(data, notes["port"])
            (data / "postmaster.pid").unlink(missing_ok=True)
            try:
                self._pg_ctl(data, "start", "-w", "-t", "120", "-l", str(data / "start.log"))
            except Trouble as trouble:
                if attempt + 1 == STARTS:
                    raise Trouble(
                        f"数据库未能启动，原因见 {data}/start.log 和 {data}/log：{_last_words(data)}",
                        f"The database did not start; see {data}/start.log and {data}/log.",
                    ) from trouble
                time.sleep(1 + attempt)
            else:
                return

    def _configure(self, data: Path, port: int) -> None:
        chosen = SETTINGS | machine.memory_settings() | {"port": str(port)}
        chosen |= ({} if self.durable else CARELESS) | self.settings
        conf = data / "postgresql.auto.conf"
        conf.write_text("".join(f"{name} = {value}\n" for name, value in chosen.items()))

    def _pg_ctl(self, data: Path, *words: str) -> None:
        version = (data / "PG_VERSION").read_text().strip()
        self._run([machine.program("pg_ctl", version), "-D", str(data), *words])

    def _run(self, command: list[str]) -> None:
        """Run one of PostgreSQL's programs as the server's user; it refuses to run as root."""
        user = machine.server_user()
        who: dict[str, Any] = {}
        if user:
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        log = self.folder / "last-command.log"
        with log.open("w") as out:  # a pipe would stay open in the server and never end
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/",
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}, **who,
            )  # fmt: skip
        if done.returncode:
            raise Trouble(
                f"{Path(command[0]).name} 执行失败：{machine.tail(log)}", f"{Path(command[0]).name} failed; see {log}."
            )

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < NEEDED_BYTES:
            raise Trouble(
                f"磁盘空间不足：{self.folder} 所在分区仅剩 {free // 2**20} MB，至少需要 {NEEDED_BYTES // 2**20} MB。请清理后重新运行。",
                f"Disk full: {free // 2**20} MB left for {self.folder}, {NEEDED_BYTES // 2**20} MB needed. Free some and run again.",
            )

    def _notes(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "cluster.json").read_text())
        return loaded

    def _note(self, notes: dict[str, Any]) -> None:
        path = self.folder / "cluster.json"
        draft = path.with_suffix(".part")
        _write_secret(draft, json.dumps(notes, indent=1))
        draft.replace(path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes, starts or stops this cluster."""
        open_folder(self.folder)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _last_words(data: Path) -> str:
    """What the server said last: before its own log was open, and in it."""
    logs = [data / "start.log", *sorted((data / "log").glob("*"), key=lambda log: log.stat().st_mtime)[-1:]]
    return " | ".join(filter(None, map(machine.tail, logs)))


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)


def main_cluster() -> Cluster:
    """The cluster of this checkout, in its data folder."""
    return Cluster(home() / "cluster")


def main(words: list[str]) -> None:
    """`python -m hezhi.wiring.cluster start|stop|status|env`."""
    cluster, verb = main_cluster(), (words or ["status"])[0]
    if verb == "start":
        cluster.start()
    elif verb == "stop":
        cluster.stop()
    elif verb == "env":
        for name, value in cluster.environment().items():
            print(f"export {name}={value}")
        print(f"export HEZHI_HOME={home()}")
        return
    if cluster.pid():
        say(f"数据库正在运行，端口 {cluster.port}。", f"The database is running on port {cluster.port}.")
    else:
        say("数据库未运行。", "The database is not running.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Trouble as trouble:
        fail(trouble)
