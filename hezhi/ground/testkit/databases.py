"""Databases for tests (测试数据库): one per worker, copied from a template that was migrated once.

The application's role cannot TRUNCATE (the audit must not be erasable), so a test never flushes: it runs
in a transaction, or, when it must commit, in a copy of its own that is dropped afterwards.
"""

import contextlib
import hashlib
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep as pause
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

KEPT_TEMPLATES = 6


def digest_of(files: Iterable[Path]) -> str:
    """A short digest of the names and contents of files: the key of a template."""
    sum_ = hashlib.sha256()
    for path in sorted(files):
        sum_.update(path.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sum_.hexdigest()[:12]


def with_name(url: str, name: str) -> str:
    """The same address with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@dataclass(frozen=True)
class Workshop:
    """Makes and drops test databases through the owner's address (`postgres://hezhi_owner:…/any`)."""

    owner_url: str

    def template(self, kind: str, digest: str, fill: Callable[[str], None], base: str = "template1") -> str:
        """The name of the template `kind` for this digest; `fill(owner_url)` furnishes it the first time.

        An advisory lock lets one process make it while the others wait. It is furnished under another
        name and renamed when whole, so a killed run leaves nothing that looks finished.
        """
        name = f"hz_{kind}_{digest}"
        with self._connect() as link:
            link.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            if not self._exists(link, name):
                self._drop(link, f"{name}_part")
                self._create(link, f"{name}_part", base)
                fill(with_name(self.owner_url, f"{name}_part"))
                self._rename(link, f"{name}_part", name)
                self._forget_old(link, kind, name)
        return name

    def copy(self, template: str, name: str) -> None:
        """Make a database from a template, replacing one of the same name."""
        with self._connect() as link:
            self._drop(link, name)
            self._create(link, name, template)

    def drop(self, name: str) -> None:
        """Drop a database and whoever is still in it."""
        with self._connect() as link:
            self._drop(link, name)

    def sweep(self) -> None:
        """Drop what killed runs left: databases named after a process that is no more."""
        with self._connect() as link:
            rows = link.execute("SELECT datname FROM pg_database WHERE datname ~ '^hzt_[0-9]+_'").fetchall()
            for (name,) in rows:
                if not Path(f"/proc/{name.split('_')[1]}").exists():
                    self._drop(link, name)

    @contextlib.contextmanager
    def _connect(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.owner_url, autocommit=True) as link:
            yield link

    @staticmethod
    def _exists(link: psycopg.Connection, name: str) -> bool:
        return link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    @staticmethod
    def _create(link: psycopg.Connection, name: str, template: str) -> None:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        link.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))

    @staticmethod
    def _drop(link: psycopg.Connection, name: str) -> None:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        for _ in range(40):
            try:
                link.execute(drop)
                return
            except psycopg.errors.InvalidCatalogName:
                return
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                # Somebody is in it whom the owner may not end: the server's own vacuum, or, on a server that is not
                # ours, the application's role. Most are soon gone.
                pause(0.5)
        warnings.warn(f"the test database {name} is still in use and stays", stacklevel=2)

    @staticmethod
    def _rename(link: psycopg.Connection, old: str, new: str) -> None:
        link.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))

    def _forget_old(self, link: psycopg.Connection, kind: str, newest: str) -> None:
        rows = link.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname <> %s ORDER BY oid DESC",
            [f"hz\\_{kind}\\_%", newest],
        ).fetchall()
        for (name,) in rows[KEPT_TEMPLATES:]:
            self._drop(link, name)
