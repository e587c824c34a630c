"""A large import whose worker is killed (故障): while it looks the rows through, and while it writes them. Each row stands once."""

import csv
from pathlib import Path

import pytest

from hezhi.chapters.grassroots.registers.registries.people import example_number
from hezhi.ground.identifiers import id_check_sign
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.faults.clerk import Clerk

pytestmark = [pytest.mark.fault, pytest.mark.clause("9.1.3-2-4")]

ROWS, PATIENCE = 2_400, 240.0
SLOWLY = "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END'"
SLOW, QUICK = "CREATE TRIGGER slowly AFTER INSERT ON {} EXECUTE FUNCTION slowly()", "DROP TRIGGER slowly ON {}"
"""Each piece takes long enough to be killed in the middle."""


def number(n: int) -> str:
    """The ID number of the n-th invented person."""
    head = f"999998{example_number(n)[6:14]}{n % 999 + 1:03d}"  # nobody of the demo has this area code
    return head + id_check_sign(head)


def sheet(path: Path) -> int:
    """People without a home, two faults among every hundred; gives how many are good."""
    numbers = list(dict.fromkeys(number(n) for n in range(ROWS * 2)))[:ROWS]
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["姓名", "证件号码", "联系电话", "户籍地详址"])
        for n, each in enumerate(numbers):
            bad = n % 50 == 0
            writer.writerow([f"样例{chr(0x4E00 + n)}", each[:17] if bad else each, f"198{n:08d}", f"样例路{n}号"])
    return sum(n % 50 != 0 for n in range(len(numbers)))


def test_a_worker_killed_while_it_checks_and_while_it_writes(
    own_system: System, clerk: Clerk, bulk: dict[str, str], tmp_path: Path
) -> None:
    system, path = own_system, tmp_path / "yangli.csv"
    good = sheet(path)

    def another_worker() -> None:
        system.start("worker")
        # A dead worker's job goes to the next when it has been silent for half a minute; here it is said at once.
        system.sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")

    system.supervisor.environment.update(bulk)
    system.supervisor.kill("worker")
    system.start("worker")
    system.sql(SLOWLY)
    system.sql(SLOW.format("bulk_bulkchunk"))
    run = clerk("receive", str(path))

    def state() -> str:
        return str(system.sql("SELECT state FROM registry_importrun WHERE id = %s", run)[0][0])

    staged = "SELECT count(*) FROM bulk_bulkchunk WHERE run = %s AND number < 1000000"
    wait_until(lambda: system.sql(staged, run)[0][0] >= 2, PATIENCE)
    before = system.sql("SELECT id FROM bulk_bulkchunk WHERE run = %s ORDER BY id", run)
    assert state() == "checking"
    system.supervisor.kill("worker")
    system.sql(QUICK.format("bulk_bulkchunk"))
    another_worker()
    wait_until(lambda: state() == "checked", PATIENCE)
    kept = system.sql("SELECT id FROM bulk_bulkchunk WHERE run = %s ORDER BY id", run)
    assert kept[: len(before)] == before, "what was staged as a whole was not done again"
    assert system.sql("SELECT new, refused FROM registry_importrun WHERE id = %s", run) == [(good, ROWS - good)]

    system.sql(SLOW.format("registers_resident"))
    clerk("confirm", run)
    writing = "SELECT done FROM bulk_bulkrun WHERE id = %s AND phase = '写入'"
    wait_until(lambda: (system.sql(writing, run) or [(0,)])[0][0] > 0, PATIENCE)
    system.supervisor.kill("worker")
    written = system.sql(writing, run)[0][0]
    assert 0 < written < good and state() == "writing", "killed in the middle of the writing"
    system.sql(QUICK.format("registers_resident"))
    another_worker()
    wait_until(lambda: state() == "written", PATIENCE)
    rows = system.sql(
        "SELECT count(*), count(DISTINCT id_blind), count(*) FILTER (WHERE (SELECT count(*) FROM registers_residentevent e"
        " WHERE e.pgh_obj_id = r.id AND e.pgh_context_id = i.deed) = 1) FROM registers_resident r, registry_importrun i"
        " WHERE i.id = %s AND r.person_name LIKE '样例_' AND r.created_at >= i.created_at",
        run,
    )
    assert rows == [(good, good, good)], "rows, different numbers, rows with one version of this batch"
    assert system.sql("SELECT count(*) FROM registers_stagedresident") == [(0,)]
