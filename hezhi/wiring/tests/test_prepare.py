"""What is done before the house opens, over a database that is ours or another's (启动准备)."""

from collections import namedtuple
from urllib.parse import urlsplit

import psycopg
import pytest

from hezhi.chapters.appcentre.users.api import create_first_administrator
from hezhi.engines.org.models import Role
from hezhi.engines.records.vault import create_key_ring, ring
from hezhi.ground.testkit.databases import with_name
from hezhi.wiring import launch, prepare
from hezhi.wiring.prepare import Preparation
from hezhi.wiring.voice import Trouble


class Opened(Exception):
    """The house came to the point where it is served."""


House = namedtuple("House", "steps managed words")


@pytest.fixture
def house(committing_db, database_server, database_name, settings, tmp_path, monkeypatch):
    """A migrated database told of by DATABASE_URL; what takes long is taken for done, and the door ends the test."""
    told = dict(zip(("DATABASE_URL", "DATABASE_OWNER_URL"), database_server, strict=True))
    told = {name: with_name(url, f"{database_name}_own") for name, url in told.items()} | {"HEZHI_HOME": str(tmp_path)}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings.HEZHI_HOME = tmp_path
    create_key_ring(tmp_path / "keys")
    ring.cache_clear()
    managed: list[str] = []
    for name in ("migrate", "furnish", "collect_static"):
        monkeypatch.setattr(Preparation, name, lambda self: False)
    monkeypatch.setattr(Preparation, "_manage", lambda self, *words, **more: managed.append(words[0]))
    monkeypatch.setattr(launch.frontend, "build", lambda: None)
    monkeypatch.setattr(launch, "_check_ports", lambda port: None)
    monkeypatch.setattr(launch, "_supervisor", _opened)
    messages = tmp_path / "messages.csv"
    messages.touch()
    words = {"plain": [], "messages": ["--messages", str(messages)], "empty": ["--empty"]}
    yield House(Preparation(tmp_path, told), managed, words)
    ring.cache_clear()


def _opened(*_):
    raise Opened


def start(words):
    launch._open(launch._options(words))


@pytest.mark.parametrize("way", ["plain", "messages"])
@pytest.mark.parametrize("noted", [False, True])
def test_a_demonstration_over_real_people_is_refused_before_it_is_served(house, way, noted):
    create_first_administrator(Role.Kind.SYSTEM_ADMIN, "linyutong", "林雨桐")
    if noted:
        house.steps._annotate(demo="yes")
    with pytest.raises(Trouble, match=r"1 个真实账号.*两步验证.*\./run --empty"):
        start(house.words[way])
    assert house.managed == [], "nothing was loaded either"


def test_in_earnest_real_people_are_served(house):
    create_first_administrator(Role.Kind.SYSTEM_ADMIN, "linyutong", "林雨桐")
    with pytest.raises(Opened):
        start(house.words["empty"])
    assert house.managed == []


def test_a_demonstration_is_loaded_once_and_noted_on_the_database(house):
    for _ in range(2):
        with pytest.raises(Opened):
            start(house.words["plain"])
    assert house.managed == ["load_demo"]
    assert house.steps.note() == {"demo": "yes"}


def test_a_load_that_failed_is_not_noted(house, monkeypatch):
    def fail(self, *words, **more):
        raise Trouble("load_demo 未能完成", "failed")

    monkeypatch.setattr(Preparation, "_manage", fail)
    with pytest.raises(Trouble):
        start(house.words["plain"])
    assert house.steps.note() == {}


def test_messages_and_empty_do_not_go_together(house, capsys):
    with pytest.raises(SystemExit):
        start([*house.words["messages"], "--empty"])
    assert "--messages 用于演示" in capsys.readouterr().err


# -- a database of another's -----------------------------------------------------------------------


@pytest.fixture
def theirs(own_cluster, tmp_path):
    """Databases made by another administrator, with two roles of his; gives the steps over one made by these words."""
    own_cluster.sql("CREATE ROLE keeper LOGIN PASSWORD 'secret-k'; CREATE ROLE clerk LOGIN PASSWORD 'secret-c'")

    def make(create: str = "TEMPLATE template1", *, owner: str = "postgres", clerk: str = "clerk") -> Preparation:
        own_cluster.sql(f"CREATE DATABASE theirs OWNER {owner} {create}")
        own_cluster.sql("GRANT CREATE ON SCHEMA public TO keeper", "theirs")
        at = f"127.0.0.1:{own_cluster.port}/theirs"
        passwords = {"keeper": "secret-k", "clerk": "secret-c"}
        urls = [f"postgres://{who}:{passwords[who]}@{at}" for who in ("keeper", clerk)]
        return Preparation(tmp_path, {"DATABASE_OWNER_URL": urls[0], "DATABASE_URL": urls[1]})

    return make


@pytest.mark.fault
def test_a_database_with_all_we_need_is_taken_and_the_clerk_may_use_what_the_keeper_makes(theirs):
    steps = theirs()
    steps.check_database()
    steps.grant()
    with psycopg.connect(steps.owner_url, autocommit=True) as keeper:
        keeper.execute("CREATE TABLE trace (id bigserial, word text)")
    with psycopg.connect(steps.environment["DATABASE_URL"], autocommit=True) as clerk:
        clerk.execute("INSERT INTO trace (word) VALUES ('网格')")
        assert clerk.execute("SELECT word FROM trace").fetchall() == [("网格",)]
        for forbidden in ("TRUNCATE trace", "DROP TABLE trace", "CREATE TABLE other ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                clerk.execute(forbidden)


@pytest.mark.fault
def test_what_may_not_be_noted_is_done_again_and_no_fault(theirs):
    steps = theirs()
    steps._annotate(demo="yes")
    assert steps.note() == {}, "the keeper does not own this database"


@pytest.mark.fault
def test_a_note_is_kept_beside_earlier_ones_and_a_strangers_comment_is_none(theirs, own_cluster):
    steps = theirs(owner="keeper")
    own_cluster.sql("COMMENT ON DATABASE theirs IS 'of the water works'")
    assert steps.note() == {}
    steps._annotate(migrations="1")
    steps._annotate(demo="yes")
    assert steps.note() == {"migrations": "1", "demo": "yes"}


@pytest.mark.fault
def test_missing_extensions_are_named_with_what_their_administrator_types(theirs, own_cluster):
    steps = theirs("TEMPLATE template0")
    with pytest.raises(Trouble, match=r"缺少扩展 postgis.*CREATE EXTENSION postgis"):
        steps.check_database()
    own_cluster.sql("CREATE EXTENSION postgis", "theirs")
    own_cluster.sql("GRANT CREATE ON DATABASE theirs TO keeper")
    steps.check_database()  # the others are made by us, where we may


@pytest.mark.fault
def test_an_encoding_without_chinese_is_refused(theirs):
    steps = theirs("TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    with pytest.raises(Trouble, match="数据库编码为 SQL_ASCII，需要 UTF8"):
        steps.check_database()


@pytest.mark.fault
def test_one_role_for_both_is_granted_nothing(theirs):
    steps = theirs(clerk="keeper")
    steps.grant()
    with psycopg.connect(steps.owner_url) as link:
        assert link.execute("SELECT count(*) FROM pg_default_acl WHERE defaclrole = 'keeper'::regrole").fetchone() == (
            0,
        )


def test_an_old_server_is_refused(database_server, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "OLDEST", 99)
    with pytest.raises(Trouble, match="需要 99 以上版本"):
        Preparation(tmp_path, {"DATABASE_URL": database_server[1]}).check_database()


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path):
    steps = Preparation(tmp_path, {"DATABASE_URL": "postgres://clerk:secret-c@127.0.0.1:1/theirs"})
    with pytest.raises(Trouble, match=r"连不上数据库 127\.0\.0\.1:1/theirs") as trouble:
        steps.check_database()
    assert "secret-c" not in str(trouble.value)
    assert urlsplit(steps.owner_url).username == "clerk"
