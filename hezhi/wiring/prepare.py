"""What must be done before the house opens (启动准备): check the database, migrate, files, demo district.

Each step is told once in a note on the database itself (COMMENT ON DATABASE), so it travels with the data:
a second start finds the note and does nothing, a half-finished first run has no note and is completed. What it
has left is whole by itself: a migration, a part of the demo district (`load_demo`) is one transaction.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from hezhi.wiring import frontend
from hezhi.wiring.cluster import EXTENSIONS
from hezhi.wiring.machine import OLDEST
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.voice import Trouble, say

NOTE = "hezhi "


@dataclass(frozen=True)
class Preparation:
    """The steps for one database, with the environment of the processes to come."""

    home: Path
    environment: dict[str, str]

    @property
    def owner_url(self) -> str:
        return self.environment.get("DATABASE_OWNER_URL", self.environment["DATABASE_URL"])

    def check_database(self) -> None:
        """Refuse, in one sentence, a database we cannot live in. Meant for those we have not made."""
        with _connect(self.owner_url) as link:
            version = link.info.server_version // 10000
            if version < OLDEST:
                raise Trouble(
                    f"数据库是 PostgreSQL {version}，需要 {OLDEST} 以上版本。",
                    f"The database is PostgreSQL {version}; {OLDEST} or newer is needed.",
                )
            encoding = link.info.parameter_status("server_encoding")  # asked by SQL, SQL_ASCII answers in bytes
            if encoding != "UTF8":
                raise Trouble(
                    f"数据库编码为 {encoding}，需要 UTF8。请用 createdb -E UTF8 --locale=C.UTF-8 -T template0 新建数据库。",
                    f"The database's encoding is {encoding}; UTF8 is needed (createdb -E UTF8 -T template0).",
                )
            missing = [name for name in EXTENSIONS if not _get_extension(link, name)]
            if missing:
                names = "; ".join(f"CREATE EXTENSION {name}" for name in missing)
                raise Trouble(
                    f"数据库缺少扩展 {'、'.join(missing)}。请由数据库管理员在该库执行：{names};",
                    f"The database lacks extensions; let its administrator run there: {names};",
                )

    def grant(self) -> None:
        """On a foreign server: what the owner will make, the application's role may use, and no more."""
        owner, app = (urlsplit(url).username for url in (self.owner_url, self.environment["DATABASE_URL"]))
        if owner == app or not app:
            return
        with _connect(self.owner_url) as link:
            role = sql.Identifier(app)
            for text in (
                "GRANT USAGE ON SCHEMA public TO {}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
            ):
                link.execute(sql.SQL(text).format(role))

    def migrate(self) -> bool:
        """Apply new migrations as the owner; True when there were any."""
        wanted = frontend.digest([*_migrations(), CHECKOUT / "requirements/base.txt"])[:16]
        if self.note().get("migrations") == wanted:
            return False
        say("正在建立或更新数据表……", "Making or updating the tables…")
        self._manage("migrate", "--verbosity=0", HEZHI_DB_ROLE="owner")
        self._annotate(migrations=wanted)
        return True

    def furnish(self) -> bool:
        """Keys, roles, tables and templates that every installation needs; what is there stays as it is."""
        told = [*_migrations(), *(CHECKOUT / "hezhi").glob("**/*.toml")]
        wanted = frontend.digest(told)[:16]
        if self.note().get("furnished") == wanted and (self.home / "keys").exists():
            return False
        self._manage("furnish")
        self._annotate(furnished=wanted)
        return True

    def collect_static(self) -> bool:
        """Put pages' files where the web server finds them; True when something changed."""
        stamp = self.home / "run/static"
        sources = [*(CHECKOUT / "hezhi").glob("**/static"), CHECKOUT / "requirements/base.txt"]
        wanted = frontend.digest(sources)
        if stamp.exists() and stamp.read_text() == wanted and (self.home / "static").exists():
            return False
        say("正在整理页面文件……", "Collecting the pages' files…")
        shutil.rmtree(self.home / "static", ignore_errors=True)
        self._manage("collectstatic", "--noinput", "--verbosity=0")
        stamp.write_text(wanted)
        return True

    def refuse_people(self) -> None:
        """Refuse a demonstration (演示模式) over real people: it asks nobody for a second factor, and invented data would stand among theirs."""
        with _connect(self.owner_url) as link:
            real = _one(link, "SELECT count(*) FROM org_user WHERE NOT is_demo")
        if real:
            raise Trouble(
                f"这个数据库里有 {real} 个真实账号。演示模式不强制两步验证，不能在其上启动。"
                "请用 ./run --empty 按正式方式启动；要看演示，请另设 HEZHI_HOME 或换一个空库。",
                f"There are {real} real accounts in this database, and a demonstration forces no second factor. "
                "Start it with ./run --empty; for the demonstration set another HEZHI_HOME or an empty database.",
            )

    def load_demo(self, *words: str) -> bool:
        """Load the demo district once; never again over the same database."""
        if self.note().get("demo"):
            return False
        say("正在载入演示区数据……", "Loading the demo district…")
        self._manage("load_demo", *words, HEZHI_DEMO="1")
        self._annotate(demo="yes")
        return True

    def note(self) -> dict[str, Any]:
        """What earlier starts have noted on this database."""
        with _connect(self.owner_url) as link:
            text = _one(
                link,
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
            )
        found: dict[str, Any] = json.loads(text.removeprefix(NOTE)) if text and text.startswith(NOTE) else {}
        return found

    def _annotate(self, **more: str) -> None:
        text = NOTE + json.dumps(self.note() | more)
        with _connect(self.owner_url) as link:
            name = sql.Identifier(link.info.dbname)
            # On a foreign server we may not own the database; then each start looks at every step again.
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                link.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(text)))

    def _manage(self, *words: str, **more: str) -> None:
        log = self.home / "log" / "prepare.log"
        with log.open("ab") as out:
            done = subprocess.run(
                [sys.executable, str(CHECKOUT / "manage.py"), *words],
                env=self.environment | {"DATABASE_OWNER_URL": self.owner_url} | more,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=sys.stdout if sys.stdout.isatty() else out,
                stderr=subprocess.PIPE,
                text=True,
            )
            out.write(done.stderr.encode())
        if done.returncode:
            raise Trouble(
                f"{words[0]} 未能完成：{_reason(done.stderr)}。完整记录见 {log}，排除后重新运行 ./run 即可接着做。",
                f"The step {words[0]} failed; see {log}. Run ./run again after mending it.",
            )


def _reason(told: str) -> str:
    """The line of a traceback that names the fault."""
    lines = [line.strip() for line in told.strip().splitlines()]
    return next(
        (line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception|Trouble)\b", line)),
        lines[-1] if lines else "",
    )


def _migrations() -> list[Path]:
    return sorted((CHECKOUT / "hezhi").glob("**/migrations/*.py"))


def _connect(url: str) -> psycopg.Connection:
    parts = urlsplit(url)
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise Trouble(
            f"连不上数据库 {parts.hostname}:{parts.port or 5432}{parts.path}:{reason}",
            f"Cannot connect to the database {parts.hostname}:{parts.port or 5432}{parts.path}.",
        ) from None


def _one(link: psycopg.Connection, statement: str) -> Any:
    row = link.execute(statement).fetchone()
    return row[0] if row else None


def _get_extension(link: psycopg.Connection, name: str) -> bool:
    """Whether the extension is there, making it where we may."""
    try:
        link.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
    except psycopg.Error:
        return link.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name]).fetchone() is not None
    return True


def clean_environment() -> dict[str, str]:
    """The caller's environment without the switches that the steps set themselves."""
    ours = ("HEZHI_DB_ROLE", "HEZHI_DEMO", "HEZHI_TESTING", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in ours}
