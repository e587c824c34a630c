"""A clerk beside the system that is killed (故障测试的经办人): a process of its own that does what people do on its pages.

It is started once and asked again and again by its standard input, for each start costs seconds of reading the house. It
keeps no line to the database, which is ended under it.
"""

import json
import subprocess
import sys
import traceback
from pathlib import Path

from hezhi.wiring.places import CHECKOUT

TOLD = "told:"


class Clerk:
    """The process, and what it is asked."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__], env=environment | {"DJANGO_SETTINGS_MODULE": "hezhi.wiring.settings"},
            cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, deed: str, *words: str) -> str:
        """Have a deed done; what failed there fails here."""
        self.process.stdin.write(json.dumps([deed, *words]) + "\n")
        self.process.stdin.flush()
        line = next((line for line in self.process.stdout if line.startswith(TOLD)), None)
        assert line, f"the clerk has gone, code {self.process.wait(10)}"
        done, said = json.loads(line.removeprefix(TOLD))
        assert done, said
        return said

    def go(self) -> None:
        """Let the clerk go home."""
        self.process.stdin.close()
        self.process.wait(30)


# -- in the clerk's own process --------------------------------------------------------------------


def make_key(channel: str) -> str:
    """A key of an outer system, made as an administrator makes one."""
    from hezhi.engines.connect.actions import MANAGE, create_key
    from hezhi.engines.org.actor import Actor

    by = Actor(kind="system", name="测试", permissions=frozenset({MANAGE}))
    return create_key(
        by=by, name=f"示例平台{channel}", system=channel, source="hotline", scopes=["reports.write"], quota_per_minute=60000
    ).key  # fmt: skip


def receive(path: str) -> str:
    """Hand in a file of residents; gives the key of the run."""
    from django.core.files.uploadedfile import UploadedFile

    from hezhi.engines.registry import imports, site

    sheet = Path(path)
    with sheet.open("rb") as file:
        given = UploadedFile(file, sheet.name, size=sheet.stat().st_size)
        return str(imports.receive(site.get("residents"), given, by=_dispatcher()).pk)


def confirm(run: str) -> str:
    """Have what was checked written."""
    from hezhi.engines.registry import imports

    imports.confirm(run, by=_dispatcher())
    return ""


def _dispatcher():
    from hezhi.engines.org.actor import actor_of
    from hezhi.engines.org.models import User

    return actor_of(User.objects.get(login_name="town_dispatcher1"))


DEEDS = {deed.__name__: deed for deed in (make_key, receive, confirm)}


def main() -> None:
    """Do what comes in, one deed a line."""
    import django

    django.setup()
    from django.db import connection

    for line in sys.stdin:
        deed, *words = json.loads(line)
        try:
            told = (True, DEEDS[deed](*words))
        except Exception:
            told = (False, traceback.format_exc())
        finally:
            connection.close()
        print(f"{TOLD}{json.dumps(told)}", flush=True)


if __name__ == "__main__":
    main()
