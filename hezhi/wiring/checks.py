"""What `make check` asks of Django (构建检查): migrations, system check, clauses, OpenAPI snapshot.

`python -m hezhi.wiring.checks migrations|system|limits|clauses|openapi`; `openapi --write` renews the snapshot.
"""

import contextlib
import io
import os
import sys

from hezhi.wiring.places import CHECKOUT, adopt_cluster


def migrations() -> list[str]:
    """Models and migrations agree."""
    from django.core.management import call_command

    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        try:
            call_command("makemigrations", "--check", "--dry-run")
        except SystemExit as end:
            return [f"makemigrations would write:\n{told.getvalue()}"] if end.code else []
    return []


def system() -> list[str]:
    """Django's own checks, and ours among them (declarations, purposes, rights of every URL)."""
    from django.core.checks import WARNING, run_checks

    old_gdal = "gis.W001"  # Debian 12 has GDAL 3.6; every geometry we read is our own form's, see geo
    return [str(message) for message in run_checks() if message.level >= WARNING and message.id != old_gdal]


def limits() -> list[str]:
    """Nothing in models, declarations, sources, scripts or requirements crosses a limit of data protection."""
    from hezhi.wiring.limits import everywhere, world

    return [str(finding) for finding in everywhere(world())]


def clauses() -> list[str]:
    """Every row that is declared built has code and a test, and no state goes back."""
    from hezhi.wiring.clauses import problems

    return problems()


def openapi() -> list[str]:
    """The API has not changed without anybody saying so."""
    from hezhi.channels.open_api import schema

    if "--write" in sys.argv:
        schema.SNAPSHOT.write_text(schema.text())
        return []
    return schema.drift()[:200]


def main(names: list[str]) -> int:
    """Run the named checks; print what is wrong."""
    import django

    adopt_cluster()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    os.chdir(CHECKOUT)
    if names != ["clauses"]:
        django.setup()
    known = {check.__name__: check for check in (migrations, system, limits, clauses, openapi)}
    wrong = [line for name in names for line in known[name]()]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main([word for word in sys.argv[1:] if not word.startswith("-")]))
