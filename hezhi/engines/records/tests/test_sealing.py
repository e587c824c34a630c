"""The audit is sealed in commit order, and every way of tampering shows (审计封存与校验)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections, transaction

from hezhi.engines.org.actor import system
from hezhi.engines.records import audit, integrity, sealing
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import AuditEntry, AuditSeal
from hezhi.ground import time
from hezhi.ground.ids import new_id
from hezhi.ground.testkit.databases import with_name

BY = system("test")


def write(count: int = 1, event: str = "test.done") -> list[int]:
    return [audit.write(BY, event, [("org.role", new_id())], detail={"n": n}).pk for n in range(count)]


def sealed() -> list[int]:
    return [
        id_ for seal in AuditSeal.objects.order_by("id") for a, b in seal.members for id_ in range(a, b + 1)
    ]  # fmt: skip


def kinds() -> list[str]:
    return [finding.kind for finding in integrity.verify().findings]


@pytest.fixture(scope="module")
def database_of_our_own(django_db_setup, workshop, database_name: str, database_server, request) -> Iterator[str]:
    """One database for this module, because seals are about commits; gives the owner's address."""
    mine = f"{database_name}_seals"
    testing = request.config.pluginmanager.get_plugin("hezhi.wiring.testing")
    workshop.copy(testing.migrated_template(workshop), mine)
    yield with_name(database_server[1], mine)
    workshop.drop(mine)


@pytest.fixture
def owner(home: Path, database_of_our_own: str, django_db_blocker, database_name: str) -> Iterator[psycopg.Connection]:
    """A person who has the whole database in hand, triggers switched off, but not the key."""
    with psycopg.connect(database_of_our_own, autocommit=True) as link, django_db_blocker.unblock():
        for table in ("records_auditentry", "records_auditseal"):
            link.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            link.execute(f"TRUNCATE {table}")
        connections.close_all()
        connection.settings_dict["NAME"] = f"{database_name}_seals"
        yield link
        connections.close_all()
        connection.settings_dict["NAME"] = database_name


@pytest.fixture
def world(owner: psycopg.Connection, home: Path) -> Path:
    """The same without laying hands on it."""
    return home


@contextmanager
def a_slow_verb() -> Iterator[threading.Event]:
    """Another connection that has written its audit row and does not commit until it is told to."""
    written, go_on = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            write(1, "test.slow")
            written.set()
            go_on.wait(20)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    assert written.wait(20)
    try:
        yield go_on
    finally:
        go_on.set()
        thread.join(20)


# -- in commit order, nothing skipped, nothing twice -----------------------------------------------


def test_each_round_chains_what_was_committed_since_the_last(world):
    first = write(3)
    assert sealing.seal() == 3
    assert sealing.seal() == 0
    second = write(2)
    assert sealing.seal() == 2
    assert sealed() == first + second
    a, b = AuditSeal.objects.order_by("id")
    assert bytes(b.previous) == bytes(a.digest) != bytes(b.digest)
    report = integrity.verify()
    assert report.whole and (report.seals, report.rows, report.tail) == (2, 5, 0)


def test_a_row_that_commits_late_comes_in_the_seal_after_its_commit(world):
    with a_slow_verb() as go_on:
        quick = write(2)
        assert sealing.seal() == 2
        assert sealed() == quick
        assert sealing.seal() == 0, "it is not committed yet, and holds nobody up"
        go_on.set()
    [slow] = AuditEntry.objects.filter(event="test.slow").values_list("pk", flat=True)
    assert slow < quick[0], "its number is smaller than what was sealed before"
    assert sealing.seal() == 1
    assert sealed() == [*quick, slow]
    assert integrity.verify().whole


def test_a_verb_that_is_rolled_back_leaves_a_gap_and_no_alarm(world):
    write()
    with pytest.raises(RuntimeError), transaction.atomic():
        write(5)
        raise RuntimeError("the verb fails")
    write()
    assert sealing.seal() == 2
    assert len(AuditSeal.objects.get().members) == 2
    assert integrity.verify().whole


def test_many_writers_and_a_sealer_at_the_same_time_lose_and_double_nothing(world):
    stop = threading.Event()

    def writer() -> None:
        for n in range(30):
            with transaction.atomic():
                write(1 + n % 3)
        connections.close_all()

    def sealer() -> None:
        while not stop.is_set():
            sealing.seal()
        connections.close_all()

    threads = [threading.Thread(target=writer) for _ in range(4)]
    chainer = threading.Thread(target=sealer)
    chainer.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    chainer.join()
    sealing.seal()
    written = set(AuditEntry.objects.values_list("pk", flat=True))
    assert len(sealed()) == len(set(sealed())) == len(written) == 4 * 60
    assert set(sealed()) == written
    assert integrity.verify().whole


def test_a_long_heap_is_sealed_in_links_of_a_bearable_size(world, monkeypatch):
    monkeypatch.setattr(sealing, "MOST_ROWS", 4)
    write(10)
    assert sealing.seal() == 10
    assert list(AuditSeal.objects.order_by("id").values_list("rows", flat=True)) == [4, 4, 2]
    assert integrity.verify().whole


def test_on_another_server_sealing_goes_on_where_it_stopped(world, owner):
    """A dump restored elsewhere: transaction numbers start low, old rows carry high ones."""
    write(3)
    sealing.seal()
    tail = write(2)
    owner.execute("UPDATE records_auditentry SET xact = (xact::text::bigint + 1000000000)::text::xid8")
    here = connection.cursor()
    here.execute("SELECT pg_current_snapshot()::text")
    elsewhere = AuditSeal.objects.get()
    elsewhere.cluster, elsewhere.snapshot = "7000000000000000000", "1000005000:1000005000:"
    fresh = sealing.mac(sealing.canonical(elsewhere))
    owner.execute(
        "UPDATE records_auditseal SET cluster = %s, snapshot = %s, mac = %s",
        [elsewhere.cluster, elsewhere.snapshot, fresh],
    )
    new = write(2)
    assert sealing.seal() == 4
    assert sealed()[-4:] == tail + new
    assert sealing.seal() == 0
    newest = write(1)
    assert sealing.seal() == 1 and sealed()[-1:] == newest
    assert integrity.verify().whole


def test_sealing_inside_a_verb_is_refused(world):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        sealing.seal()


# -- tampering -------------------------------------------------------------------------------------


def test_the_tail_is_reported_and_examined(world, owner):
    write(2)
    sealing.seal()
    old, young = write(2)
    report = integrity.verify()
    assert report.whole and report.tail == 2
    assert report.tail_since == AuditEntry.objects.get(pk=old).at
    owner.execute("UPDATE records_auditentry SET actor_name = '别人' WHERE id = %s", [young])
    assert kinds() == ["row_changed"]


CHANGES = (
    "actor_name = '别人'", "event = 'test.other'", "at = at + interval '1 microsecond'", "object_id = NULL",
    "result = 'refused'", "detail = '{\"n\": 7}'", "reason = '补记'", "address = '10.0.0.9'", "deed_id = NULL",
    "post_title = '局长'", "channel = 'x'", "request_id = 'y'", "purpose = 'z'", "actor_kind = 'staff'",
    "actor_id = gen_random_uuid()", "unit_id = gen_random_uuid()", "object_type = 'org.user'",
)  # fmt: skip


def test_any_change_of_a_row_shows(world, owner):
    with acting(BY, verb="test.whole", reason="核对") as deed:
        deed.objects.append(("org.role", new_id()))
    sealing.seal()
    assert integrity.verify().whole
    for change in CHANGES:
        column = change.partition(" ")[0]
        [before] = owner.execute(f"SELECT {column} FROM records_auditentry").fetchone()
        owner.execute(f"UPDATE records_auditentry SET {change}")
        assert kinds() == ["row_changed"], change
        if column == "detail":
            before = psycopg.types.json.Jsonb(before)
        owner.execute(f"UPDATE records_auditentry SET {column} = %s", [before])
        assert integrity.verify().whole


def test_a_removed_row_shows(world, owner):
    _, middle, _ = write(3)
    sealing.seal()
    owner.execute("DELETE FROM records_auditentry WHERE id = %s", [middle])
    [finding] = integrity.verify().findings
    assert (finding.kind, finding.entry) == ("row_missing", middle)
    assert str(middle) in finding.sentence


def test_two_rows_that_change_places_show(world, owner):
    a, b = write(2)
    sealing.seal()
    for old, new in ((a, -1), (b, a), (-1, b)):
        owner.execute("UPDATE records_auditentry SET id = %s WHERE id = %s", [new, old])
    assert kinds() == ["rows_exchanged"]


def test_a_row_written_by_hand_under_an_old_number_shows(world, owner):
    write(2)
    sealing.seal()
    owner.execute(
        "INSERT INTO records_auditentry SELECT (jsonb_populate_record(e, jsonb_build_object('id', 999999))).*"
        " FROM records_auditentry e ORDER BY id LIMIT 1"
    )
    assert kinds() == ["row_slipped_in"]


def test_a_row_invented_without_the_key_shows(world, owner):
    write()
    owner.execute(
        "INSERT INTO records_auditentry (at, actor_kind, actor_name, post_title, channel, request_id, event, object_type,"
        " result, reason, purpose, detail, mac) VALUES (now(), 'staff', '某人', '', '', '', 'x', '', 'ok', '', '', '{}',"
        " decode('0001' || repeat('00', 32), 'hex'))"
    )
    sealing.seal()
    assert kinds() == ["row_changed"]
    owner.execute("UPDATE records_auditentry SET mac = decode('0009' || repeat('00', 32), 'hex') WHERE event = 'x'")
    assert kinds() == ["row_key_unknown", "rows_exchanged"]


def test_a_seal_changed_removed_or_moved_shows(world, owner):
    for _ in range(3):
        write(2)
        sealing.seal()
    _, middle, _ = AuditSeal.objects.order_by("id").values_list("pk", flat=True)
    owner.execute("UPDATE records_auditseal SET sealed_at = sealed_at - interval '1 hour' WHERE id = %s", [middle])
    assert kinds() == ["seal_changed"]
    owner.execute("DELETE FROM records_auditseal WHERE id = %s", [middle])
    assert kinds() == ["seal_missing", "row_slipped_in", "row_slipped_in"]


def test_a_chain_computed_anew_without_the_key_shows(world, owner):
    a, b = write(2)
    sealing.seal()
    owner.execute("DELETE FROM records_auditentry WHERE id = %s", [b])
    [row] = AuditEntry.objects.all()
    forged = sealing.carried_on(sealing.CHAIN_START, [(a, bytes(row.mac))])
    owner.execute("UPDATE records_auditseal SET digest = %s, members = %s::jsonb, rows = 1", [forged, f"[[{a},{a}]]"])
    assert kinds() == ["seal_changed", "end_cut"]


def test_an_end_cut_off_shows_against_the_witness(world, owner):
    write()
    sealing.seal()
    kept = AuditSeal.objects.get()
    late = write(2)
    sealing.seal()
    assert integrity.verify().whole
    owner.execute("DELETE FROM records_auditseal WHERE id > %s", [kept.pk])
    owner.execute("DELETE FROM records_auditentry WHERE id = ANY(%s)", [late])
    [finding] = integrity.verify().findings
    assert finding.kind == "end_cut" and "备份" in finding.sentence
    owner.execute("DELETE FROM records_auditseal")
    owner.execute("DELETE FROM records_auditentry")
    assert kinds() == ["end_cut"]


def test_from_a_moment_on_only_what_is_younger_is_examined(world, owner):
    old = write(2)
    sealing.seal()
    between = time.real_now()
    write(2)
    sealing.seal()
    owner.execute("UPDATE records_auditentry SET event = 'x' WHERE id = %s", [old[0]])
    report = integrity.verify(since=between)
    assert report.whole and (report.seals, report.rows) == (1, 2)
    assert not integrity.verify(since=between - timedelta(minutes=1)).whole


def test_the_fingerprint_survives_every_kind_of_detail(world):
    strange = {"数": 1.0, "a": [1e5, 0.1, None, True, {"b": "“引号”\n", "2": -0.0}], "t": (1, 2), 7: "键", "大": 10**18}
    entry = audit.write(BY, "test.strange", detail=strange, reason="长" * 700, purpose="用" * 300)
    kept = AuditEntry.objects.get(pk=entry.pk)
    assert audit.is_intact(kept)
    assert len(kept.reason) == 500
