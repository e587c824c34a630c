"""The snapshot of the interface (接口快照): `python -m hezhi.channels.open_api.snapshot [--write]`.

Without `--write` it tells how the interface differs from `standard/openapi.json`, and ends with 1 when it does.
"""

import os
import sys


def main() -> int:
    """Tell the differences, or renew the snapshot."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    django.setup()
    from hezhi.channels.open_api import schema

    if "--write" in sys.argv:
        schema.SNAPSHOT.write_text(schema.text(), "utf-8")
        return 0
    lines = schema.drift()
    sys.stdout.write("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
