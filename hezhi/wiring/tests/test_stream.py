"""Live news over a real connection (实时消息): who may listen, what comes, what comes again."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from queue import Empty, Queue
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client

from hezhi.chapters.cases.handling.queries import outside_id
from hezhi.engines.org import sessions
from hezhi.engines.org.actor import actor_of
from hezhi.engines.org.models import Role, User
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit, traced
from hezhi.engines.reach import delivery, queries
from hezhi.engines.reach.actions import mark_all_read
from hezhi.engines.reach.api import Call, tell
from hezhi.engines.reach.news import tell_people
from hezhi.engines.reach.tests import world
from hezhi.ground import time
from hezhi.ground.testkit.databases import Workshop, with_name
from hezhi.wiring import machine, testing
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import wait_until

pytestmark = pytest.mark.api
CASE = uuid5(NAMESPACE_URL, "case")


class Listening:
    """A browser that listens: its events in the order they came."""

    def __init__(self, response: httpx.Response) -> None:
        self.response, self.events, self.ended = response, Queue(), threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        event: dict[str, str] = {}
        try:
            for line in self.response.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif event:
                    self.events.put(event)
                    event = {}
        except httpx.HTTPError:
            pass
        self.ended.set()

    def next(self, name: str, seconds: float = 5) -> dict:
        """The data of the next event of this name; others are passed over."""
        return self.next_whole(name, seconds)[0]

    def next_whole(self, name: str, seconds: float = 5) -> tuple[dict, str]:
        """The same with its id."""
        until = time.monotonic() + seconds
        while True:
            event = self.events.get(timeout=max(0.01, until - time.monotonic()))
            if event.get("event") == name:
                return json.loads(event["data"]), event.get("id", "")
            if time.monotonic() > until:
                raise Empty

    def hears(self, name: str, wanted: Callable[[dict], bool]) -> None:
        """Wait for an event of this name that says what is wanted; raises Empty when none comes."""
        while not wanted(self.next(name)):
            pass

    def hears_no(self, name: str, seconds: float = 1) -> bool:
        try:
            self.next(name, seconds)
        except Empty:
            return True
        return False


class Server:
    """The stream's process, and browsers that come to it."""

    def __init__(self, url: str, log: Path) -> None:
        self.port, self.log = machine.free_port(str(log)), log
        env = os.environ | {"DATABASE_URL": url}
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(self.port)]
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [*command, "hezhi.wiring.tests.stream_house:application"], cwd=CHECKOUT, env=env, stdout=out, stderr=out
            )
        wait_until(self._answers, 60, lambda: log.read_text()[-2000:])

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url("/stream/health"), timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def pages(self) -> int:
        return int(httpx.get(self.url("/stream/health")).text)

    def ask(self, path: str = "/stream", cookie: str = "", **headers: str) -> httpx.Response:
        """An answer without listening."""
        with httpx.stream("GET", self.url(path), cookies={"sessionid": cookie}, headers=headers) as response:
            if response.status_code != 200:
                response.read()
            return response

    @contextmanager
    def listen(self, cookie: str, path: str = "/stream", **headers: str) -> Iterator[Listening]:
        with (
            httpx.Client(timeout=30) as client,
            client.stream("GET", self.url(path), cookies={"sessionid": cookie}, headers=headers) as response,
        ):
            assert response.status_code == 200, response.read()
            yield Listening(response)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        wait_until(_nobody_else_connected, 20)


def _nobody_else_connected() -> bool:
    """The server notices a killed client a moment later, and the database cannot be dropped before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0] == 0


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker, workshop: Workshop, database_name: str) -> Iterator[str]:
    """One database for the tests of this file; they commit, and meet by other people's names."""
    mine = f"{database_name}_stream"
    workshop.copy(testing.migrated_template(workshop), mine)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = mine
        world.with_words()
        yield mine
        connection.close()
        connection.settings_dict["NAME"] = database_name
    workshop.drop(mine)


@pytest.fixture(scope="module")
def server(
    database: str, database_server: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("stream") / "stream.log"
    running = Server(with_name(database_server[0], database), log)
    yield running
    running.stop()


_number = count(1)


def officer(*permissions: str) -> User:
    """Somebody new with these permissions."""
    name = f"officer-{next(_number)}"
    with transaction.atomic():
        return make_officer(name, make_role(name, list(permissions)), make_unit())


def session_of(user: User) -> str:
    return enter(Client(), user).session.session_key


def say(user: User, **more: object) -> None:
    """Tell this person something and deliver it, as the worker would."""
    values = {"number": "SJ26112200001", "title": "路灯不亮"}
    tell(world.clock(), event="cases.urged", to_user=user, values=values, link="/cases/1/", **more)
    delivery.deliver_inbox()


def case_changed(case: UUID = CASE) -> None:
    """What the triggers of a case write."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reach_newsitem (topic, ids, xact, at)"
            " VALUES ('cases', ARRAY[%s::uuid], pg_current_xact_id()::text::bigint, clock_timestamp())",
            [case],
        )


# -- counts ----------------------------------------------------------------------------------------


def test_an_open_page_sees_its_unread_messages_come_and_go(server: Server) -> None:
    zhou, lin = officer(), officer()
    with server.listen(session_of(zhou)) as page, server.listen(session_of(lin)) as other:
        assert page.next("counts") == {"unread": 0}
        assert other.next("counts") == {"unread": 0}
        say(zhou)
        assert page.next("counts") == {"unread": 1}
        mark_all_read(by=actor_of(zhou))
        assert page.next("counts") == {"unread": 0}
        assert other.hears_no("counts")


def test_an_urgent_message_is_shown_at_once_with_its_way(server: Server) -> None:
    zhou = officer()
    with server.listen(session_of(zhou)) as page:
        page.next("counts")
        say(zhou)
        say(zhou, urgent=True)
        assert page.next("notice") == {"text": "催办：路灯不亮", "url": "/cases/1/"}
        assert page.hears_no("notice")


def test_whoever_comes_back_sees_the_count_as_it_is_now(server: Server) -> None:
    zhou = officer()
    key = session_of(zhou)
    with server.listen(key) as page:
        page.next("counts")
    say(zhou)
    with server.listen(key) as page:
        assert page.next("counts") == {"unread": 1}


def test_silence_has_a_beat(server: Server) -> None:
    with server.listen(session_of(officer())) as page:
        assert page.next("beat") == page.next("beat") == {}


def test_every_open_page_of_the_called_rings_and_stops_when_it_is_over(server: Server) -> None:
    lin, zhou, other = officer(), officer(), officer()
    key = session_of(zhou)
    with server.listen(key) as page, server.listen(session_of(other)) as stranger:
        page.next("counts"), stranger.next("counts")
        with transaction.atomic():
            call = Call.objects.create(
                object_type="supervision.matter", object_id=CASE, title="DB26112700001", link="/there/", room="r", caller=lin,
                unit=lin.holdings.get().post.unit, invited=[zhou.pk, other.pk], declined=[other.pk], asked_at=time.now(),
            )  # fmt: skip
            tell_people(call.invited)
        assert page.next("calls")["ringing"][0]["url"] == "/there/"
        with server.listen(key) as opened_later:
            assert opened_later.next("calls")["ringing"][0]["id"] == str(call.pk)
        assert stranger.hears_no("calls", 0.3), "who said no is left alone"
        with transaction.atomic():
            Call.objects.filter(pk=call.pk).update(state="ended", result="missed", ended_at=time.now())
            tell_people(call.invited)
        while page.next("calls")["ringing"]:
            pass


# -- the wall --------------------------------------------------------------------------------------


def test_a_wall_hears_of_changed_cases_and_a_desk_does_not(server: Server) -> None:
    chief = officer("wall.view")
    key = session_of(chief)
    with server.listen(key, "/stream?wall=1") as wall, server.listen(key) as desk:
        desk.next("beat")
        wall.next("beat")
        case_changed()
        assert wall.next("wall") == {"ids": [outside_id(CASE)]}
        assert desk.hears_no("wall")


def test_a_wall_hears_what_changes_the_moment_after_it_was_answered(server: Server) -> None:
    with server.listen(session_of(officer("wall.view")), "/stream?wall=1") as wall:
        case_changed()
        assert wall.next("wall") == {"ids": [outside_id(CASE)]}


def test_a_wall_that_comes_back_hears_what_it_missed(server: Server) -> None:
    chief = officer("wall.view")
    key = session_of(chief)
    with server.listen(key, "/stream?wall=1") as wall:
        wall.next("beat")
        case_changed()
        place = wall.next_whole("wall")[1]
    missed = uuid5(NAMESPACE_URL, "missed")
    case_changed(missed)
    with server.listen(key, "/stream?wall=1", **{"Last-Event-ID": place}) as wall:
        wall.hears("wall", lambda told: told == {"reload": True} or outside_id(missed) in told["ids"])


def test_a_wall_that_was_away_too_long_is_told_to_read_afresh(server: Server) -> None:
    key = session_of(officer("wall.view"))
    case_changed()
    with server.listen(key, "/stream?wall=1", **{"Last-Event-ID": "7"}) as wall:
        # What is new at this very moment may be told before the answer to what was missed.
        wall.hears("wall", lambda told: told == {"reload": True})


def test_nothing_committed_late_is_left_out(database: str, database_server: tuple[str, str]) -> None:
    """A case whose transaction began earlier and ended later than another's is told all the same."""
    late, early = uuid5(NAMESPACE_URL, "late"), uuid5(NAMESPACE_URL, "early")
    place = queries.news_place()
    with psycopg.connect(with_name(database_server[0], database)) as slow:
        slow.execute(
            "INSERT INTO reach_newsitem (topic, ids, xact, at)"
            " VALUES ('cases', ARRAY[%s::uuid], pg_current_xact_id()::text::bigint, clock_timestamp())",
            [late],
        )
        case_changed(early)
        place, ids = queries.news_since("cases", place)
        assert early in ids and late not in ids
        slow.commit()
    place, ids = queries.news_since("cases", place)
    assert late in ids


# -- who may listen --------------------------------------------------------------------------------


def test_strangers_hear_nothing(server: Server) -> None:
    key = session_of(officer())
    assert server.ask().status_code == 401
    assert server.ask(cookie="x" * 32).status_code == 401
    assert server.ask(cookie="'; drop table").status_code == 401
    assert server.ask("/other", key).status_code == 404
    assert server.ask("/stream?wall=1", key).status_code == 403
    assert server.ask(cookie=key, Host="evil.example.com").status_code == 400
    assert httpx.post(server.url("/stream"), cookies={"sessionid": key}).status_code == 405


def test_only_pages_of_this_house_may_read_it(server: Server) -> None:
    key = session_of(officer())
    ours = server.ask(cookie=key, Origin="http://127.0.0.1:8300")
    assert ours.status_code == 200
    assert ours.headers["access-control-allow-origin"] == "http://127.0.0.1:8300"
    assert ours.headers["access-control-allow-credentials"] == "true"
    for foreign in ("http://evil.example.com", "http://127.0.0.1.evil.example.com", "null", "file://"):
        answer = server.ask(cookie=key, Origin=foreign)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_a_signed_out_page_is_let_go_and_cannot_come_back(server: Server) -> None:
    client = enter(Client(), officer())
    key = client.session.session_key
    with server.listen(key) as page:
        page.next("counts")
        client.logout()
        assert page.ended.wait(5)
    assert server.ask(cookie=key).status_code == 401


def test_a_disabled_person_is_let_go(server: Server) -> None:
    zhou = officer()
    with server.listen(session_of(zhou)) as page:
        page.next("counts")
        with transaction.atomic():
            traced()
            User.objects.filter(pk=zhou.pk).update(is_active=False)
        assert page.ended.wait(5)


def test_a_wall_goes_on_with_the_rights_of_this_minute(server: Server) -> None:
    chief = officer("wall.view")
    key, role = session_of(chief), Role.objects.get(code=chief.login_name)
    with server.listen(key, "/stream?wall=1") as wall:
        wall.next("beat")
        change(role, reach=Role.Reach.DISTRICT)
        wall.hears("wall", lambda told: told == {"reload": True})  # another scope: what stands there is read afresh
        change(role, permissions=["cases.view"])
        assert wall.ended.wait(5)
    assert server.ask("/stream?wall=1", key).status_code == 403


def change(role: Role, **what: object) -> None:
    with transaction.atomic():
        traced()
        Role.objects.filter(pk=role.pk).update(**what)


def test_listening_does_not_keep_a_session_awake(server: Server) -> None:
    key = session_of(officer())
    before = Session.objects.get(pk=key).session_data
    with server.listen(key) as page:
        page.next("beat")
        page.next("beat")
        assert Session.objects.get(pk=key).session_data == before
        store = Client().session.__class__(session_key=key)
        store[sessions.SEEN] = (time.now() - timedelta(hours=3)).timestamp()
        store.save()
        assert page.ended.wait(5)
    assert server.ask(cookie=key).status_code == 401


def test_one_person_opens_so_many_pages_and_a_closed_one_makes_room(server: Server) -> None:
    key = session_of(officer())
    with httpx.Client(timeout=30, cookies={"sessionid": key}) as browser:
        open_pages = [browser.send(browser.build_request("GET", server.url("/stream")), stream=True) for _ in range(8)]
        assert {page.status_code for page in open_pages} == {200}
        wait_until(lambda: server.pages() == 8, 5)
        assert server.ask(cookie=key).status_code == 429
        open_pages.pop().close()
        wait_until(lambda: server.pages() == 7, 5)
        assert server.ask(cookie=key).status_code == 200


def test_the_stream_outlives_its_cut_lines_to_the_database(
    server: Server, database: str, database_server: tuple[str, str]
) -> None:
    zhou = officer()
    with server.listen(session_of(zhou)) as page:
        page.next("counts")
        with psycopg.connect(with_name(database_server[0], database), autocommit=True) as link:
            link.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()
        say(zhou)
        assert page.next("counts", 10) == {"unread": 1}
