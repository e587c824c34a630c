"""What runs inside a process under measurement (被测进程): furnish a register, import a file, tell the seconds as JSON.

python -m bench.bulk_runs furnish HOMES | ours FILE | bulk_create FILE | import_export FILE
"""

import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
django.setup()

from django.core.files.uploadedfile import UploadedFile  # noqa: E402
from django.db import connection  # noqa: E402

from hezhi.chapters.grassroots.registers.models import Building, Compound, Home  # noqa: E402
from hezhi.engines.bulk import progress  # noqa: E402
from hezhi.engines.geo.models import Area  # noqa: E402
from hezhi.engines.org.actor import Actor, actor_of, system  # noqa: E402
from hezhi.engines.org.models import Role, Unit, User  # noqa: E402
from hezhi.engines.org.testkit import make_officer, make_role  # noqa: E402
from hezhi.engines.records.acting import acting  # noqa: E402
from hezhi.engines.registry import imports, site  # noqa: E402
from hezhi.ground import time as clock  # noqa: E402

LOGIN = "bench-import"
RIGHTS = [f"residents.{name}" for name in ("view", "edit", "delete", "import")]
A_BUILDING_HOLDS = 500


def importer() -> Actor:
    """Somebody of the district who may import residents."""
    return actor_of(User.objects.get(login_name=LOGIN)).at(channel="command", address=None, request_id="")


def furnish(many: str) -> dict[str, Any]:
    """The importer, and so many homes in the grids of the demo district; gives their numbers."""
    with acting(system("测量"), verb="bench.furnish"):
        role = make_role(LOGIN, RIGHTS, reach=Role.Reach.DISTRICT, name="测量导入")
        make_officer(LOGIN, role, Unit.objects.filter(kind=Unit.Kind.CENTRE).first(), "测样例")
    grids = list(Area.objects.filter(level="grid", valid_to__isnull=True).order_by("code"))
    numbers: list[str] = []
    with acting(system("测量"), verb="bench.furnish"):
        for n in range(0, int(many), A_BUILDING_HOLDS):
            grid = grids[n // A_BUILDING_HOLDS % len(grids)]
            levels = {f"{k}_id": v for k, v in grid.ancestors().items()}
            unit = Unit.objects.filter(area_id=grid.community_id, valid_to__isnull=True).first()
            common = levels | {"unit": unit, "created_at": clock.now(), "changed_at": clock.now()}
            compound = Compound.objects.create(
                code=f"B{n:07d}", name=f"样例测量{n}", kind="01", address="样例路", **common
            )
            building = Building.objects.create(
                code=f"B{n:07d}", compound=compound, number="1号楼", full_name=f"样例测量{n}1号楼", kind="01",
                building_use="01", **common,
            )  # fmt: skip
            homes = [
                Home(
                    building=building, number=f"B{n + i:08d}", full_name=f"样例测量{n}1号楼{i:03d}", floor=1 + i // 10,
                    door=f"{i:03d}", **common,
                )
                for i in range(min(A_BUILDING_HOLDS, int(many) - n))
            ]  # fmt: skip
            Home.objects.bulk_create(homes)
            numbers += [home.number for home in homes]
    return {"homes": numbers}


def ours(path: str) -> dict[str, Any]:
    """Our own way: upload, check, confirm, write; with the seconds of every step."""
    steps: list[tuple[str, float]] = []
    told = progress.Telling.step

    def step(self: Any, phase: str, *more: Any) -> None:
        steps.append((phase, time.perf_counter()))
        told(self, phase, *more)

    progress.Telling.step = step  # type: ignore[method-assign]
    by, file = importer(), Path(path)
    steps.append(("接收文件", time.perf_counter()))
    with file.open("rb") as opened:
        run = imports.receive(site.get("residents"), UploadedFile(opened, file.name, size=file.stat().st_size), by=by)
    assert run.lane == "bulk", "the file is too small for the lane that is measured"
    imports.check(run.pk)
    steps.append(("确认", time.perf_counter()))
    run.refresh_from_db()
    assert run.state == "checked", run.failure
    imports.confirm(run.pk, by=by)
    imports.write(run.pk)
    steps.append(("", time.perf_counter()))
    run.refresh_from_db()
    assert run.state == "written", run.failure
    seconds: dict[str, float] = {}
    for (phase, start), (_, end) in pairwise(steps):
        seconds[phase] = seconds.get(phase, 0.0) + end - start
    return {
        "seconds": steps[-1][1] - steps[0][1], "steps": seconds, "rows": run.rows, "new": run.new,
        "changed": run.changed, "refused": run.refused,
    }  # fmt: skip


def peer(way: str, path: str) -> dict[str, Any]:
    """One of the usual ways, with the same checks, sealed fields and history."""
    from bench.peers.rows import bulk_create, import_export

    started = time.perf_counter()
    counts = {"bulk_create": bulk_create, "import_export": import_export}[way].load(Path(path), importer())
    return counts | {"seconds": time.perf_counter() - started, "steps": {}}


def main() -> None:
    way, *given = sys.argv[1:]
    told = furnish(*given) if way == "furnish" else ours(*given) if way == "ours" else peer(way, *given)
    connection.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
