"""The private database server (私有数据库实例): made whole or not at all, found again, killed and mended."""

import json
import shutil
import socket
from dataclasses import replace
from unittest.mock import patch

import psycopg
import pytest

from hezhi.ground.testkit.databases import Workshop
from hezhi.wiring import machine
from hezhi.wiring.cluster import APP, OWNER, Cluster
from hezhi.wiring.voice import Trouble

pytestmark = pytest.mark.fault


def test_passwords_lie_in_a_file_that_only_its_owner_reads(own_cluster):
    notes = own_cluster.folder / "cluster.json"
    assert notes.stat().st_mode & 0o777 == 0o600
    assert len({*json.loads(notes.read_text())["passwords"].values()}) == 3


def test_the_application_reads_and_writes_but_never_empties_or_alters(own_cluster):
    own_cluster.sql("CREATE TABLE trace (word text)", role=OWNER)
    own_cluster.sql("INSERT INTO trace VALUES ('网格')", role=APP)
    assert own_cluster.sql("SELECT word FROM trace", role=APP) == "网格"
    for forbidden in ("TRUNCATE trace", "DROP TABLE trace", "ALTER TABLE trace ADD x int", "CREATE TABLE y ()"):
        with pytest.raises(Trouble):
            own_cluster.sql(forbidden, role=APP)


def test_what_was_committed_survives_kill_9(own_cluster):
    own_cluster.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", role=OWNER)
    own_cluster.kill()
    assert own_cluster.pid() is None
    assert own_cluster.start()
    assert own_cluster.sql("SELECT n FROM kept", role=OWNER) == "7"


def test_starting_twice_starts_once(own_cluster):
    before = own_cluster.pid()
    assert not own_cluster.start()
    assert own_cluster.pid() == before


def test_a_taken_port_is_changed_for_a_free_one(own_cluster):
    own_cluster.stop()
    old = own_cluster.port
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", old))
        stranger.listen()
        own_cluster.start()
    assert own_cluster.port != old
    assert own_cluster.sql("SELECT 1", role=APP) == "1"


def test_a_port_taken_after_we_looked_costs_a_second_attempt_and_no_more(own_cluster, monkeypatch):
    own_cluster.stop()
    old = own_cluster.port
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", old))
        stranger.listen()
        look, looks = machine.is_free, []
        monkeypatch.setattr(machine, "is_free", lambda port: looks.append(port) or len(looks) == 1 or look(port))
        own_cluster.start()
    assert own_cluster.port != old
    assert own_cluster.sql("SELECT 1", role=APP) == "1"


def test_the_process_number_left_by_a_reboot_is_not_believed(own_cluster):
    own_cluster.stop()
    (own_cluster.data / "postmaster.pid").write_text("1\n")
    assert own_cluster.pid() is None
    assert own_cluster.start()


def test_a_half_made_cluster_is_made_again(own_cluster):
    own_cluster.stop()
    own_cluster.data.rename(own_cluster.data.with_suffix(".part"))
    shutil.rmtree(own_cluster.data.with_suffix(".part") / "base")
    assert Cluster(own_cluster.folder, durable=False).start()
    assert own_cluster.sql("SELECT 1", role=APP) == "1"


def test_a_test_database_goes_whoever_is_still_in_it(own_cluster):
    workshop = Workshop(own_cluster.url(OWNER))
    workshop.copy("template1", "left_behind")
    with psycopg.connect(own_cluster.url(APP, "left_behind")):
        workshop.drop("left_behind")
    assert "left_behind" not in own_cluster.sql("SELECT datname FROM pg_database")


def test_the_owner_of_an_installation_ends_nobody(own_cluster):
    durable = replace(own_cluster, durable=True)
    told: list[str] = []
    with patch.object(Cluster, "sql", lambda self, statement, *_: told.append(statement)):
        durable._furnish(dict.fromkeys(("postgres", OWNER, APP), "x"))
        own_cluster._furnish(dict.fromkeys(("postgres", OWNER, APP), "x"))
    assert ["pg_signal_backend" in text for text in told if "CREATE ROLE" in text] == [False, True]
