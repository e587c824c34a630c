"""9.1.2-3-1 视频督办、语音督办: who rings whom, who may answer, how it ends, and what the file says afterwards."""

from datetime import timedelta

import pytest

from hezhi.chapters.cases.supervision import actions, queries
from hezhi.chapters.cases.supervision.models import Matter, Step
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import make_officer
from hezhi.engines.reach import calls
from hezhi.engines.reach.calling.queries import living_of, ringing
from hezhi.engines.reach.jobs import end_stale
from hezhi.engines.reach.models import Call, Outgoing
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-3-1")


class Recorded:
    """An engine that writes down what is asked of it."""

    name = "记录"
    seats: list = []
    closed: list = []

    def health(self) -> calls.Health:
        return calls.Health(True, "正常")

    def admit(self, room, user) -> calls.Seat:
        self.seats.append((room, user))
        return calls.Seat(room, f"someone-{len(self.seats)}", "session", "entry", "pin")

    def close(self, room) -> None:
        self.closed.append(room)


@pytest.fixture
def engine(settings):
    settings.CALL_PORT = f"{__name__}.Recorded"
    Recorded.seats.clear(), Recorded.closed.clear()
    return Recorded


@pytest.fixture
def matter(district, case) -> Matter:
    return actions.supervise(case.pk, by=district["office.supervisor"], text="请抓紧")


def ring(client, matter, unit, video="1"):
    return client.post(
        f"/supervision/{matter.pk}/ring/",
        {"unit": str(unit.pk), "video": video},
        headers={"Accept": "application/json"},
    )


def step(client, url, name, **given):
    return client.post(f"{url}{name}/", given, headers={"Accept": "application/json"})


def test_a_call_from_the_first_ring_to_the_line_in_the_file(
    district, matter, engine, november, as_, django_capture_on_commit_callbacks
):
    supervisor, handler = as_("office.supervisor"), as_("light.handler")
    offered = supervisor.get(f"/supervision/{matter.pk}/").content.decode()
    assert offered.count("视频督办") == 2 and "尚未对接" not in offered, "one button for each unit at work"
    begun = ring(supervisor, matter, district.units["light"])
    assert begun.status_code == 200 and begun.json()["state"] == "ringing"
    url, person = begun.json()["url"], district.people["light.handler"]
    assert ringing([person.pk])[person.pk][0]["url"] == url
    page = handler.get(url)
    assert "示例office.supervisor" in page.content.decode() and "不录音、不录像" in page.content.decode()
    assert "microphone=(self)" in page["Permissions-Policy"] and " ws://" in page["Content-Security-Policy"]
    assert "microphone=()" in supervisor.get(f"/supervision/{matter.pk}/")["Permissions-Policy"]
    assert step(supervisor, url, "seat").status_code == 409, "nobody enters before it is answered"

    november.move_to(time.now() + timedelta(seconds=8))
    assert step(handler, url, "answer").json()["state"] == "talking"
    assert not ringing([person.pk])
    told = step(supervisor, url, "beat").json()
    assert told["peer"] == {"name": person.full_name, "unit": "示例区城市管理局"}, "from the roster, not from a browser"
    for client in (supervisor, handler):
        assert step(client, url, "seat").json()["room_token"] == "entry"
    assert [user for _, user in engine.seats] == [district.people["office.supervisor"].pk, person.pk]

    november.move_to(time.now() + timedelta(seconds=12))
    with django_capture_on_commit_callbacks(execute=True):
        ended = step(handler, url, "hang_up").json()
    assert ended["state"] == "ended" and "通话 12 秒" in ended["told"]
    assert engine.closed == [engine.seats[0][0]]
    written = Step.objects.get(matter=matter, verb="call")
    assert written.title == "视频督导示例区城市管理局：接通" and written.by_name == "示例office.supervisor"
    assert f"由{person.full_name}接听" in written.text and "未录音录像" in written.text
    assert "接通" in supervisor.get(f"/supervision/{matter.pk}/").content.decode()
    assert queries.calls_told(district["office.supervisor"]) == (1, 1)
    assert "督导通话" in supervisor.get("/supervision/board/").content.decode()
    assert step(supervisor, url, "hang_up").json()["state"] == "ended" and Step.objects.filter(verb="call").count() == 1


def test_only_the_named_people_of_the_called_unit_answer_and_only_supervisors_ring(district, matter, engine, as_):
    second = make_officer("light.second", Role.objects.get(code="handler"), district.units["light"], "示例二号")
    district.people["light.second"] = second
    assert ring(as_("water.handler"), matter, district.units["light"]).status_code == 403
    assert ring(as_("office.supervisor"), matter, district.units["house"]).status_code == 422, "not one of its units"
    url = ring(as_("office.supervisor"), matter, district.units["light"]).json()["url"]
    for name in ("water.handler", "house.handler", "office.second"):
        stranger = as_(name)
        assert stranger.get(url).status_code == 404, name
        assert living_of(district.people[name].pk, Call.objects.get().pk) is None
        assert {step(stranger, url, each).status_code for each in ("answer", "beat", "seat", "hang_up")} == {404}, name
    assert step(as_("office.supervisor"), url, "answer").status_code == 404, "nobody answers himself"
    assert step(as_("light.handler"), url, "answer").status_code == 200
    call = Call.objects.get()
    assert all(living_of(district.people[name].pk, call.pk) for name in ("office.supervisor", "light.handler"))
    assert not any(living_of(district.people[name].pk, call.pk) for name in ("light.second", "water.handler")), (
        "the gate is shut"
    )
    late = step(as_("light.second"), url, "answer")
    assert late.status_code == 409 and "同事已接听" in late.json()["error"]["what"]
    assert step(as_("light.second"), url, "seat").status_code == 404
    assert step(as_("light.second"), url, "hang_up").status_code == 404
    assert Call.objects.get().answered_by.login_name == district.people["light.handler"].login_name
    again = ring(as_("office.supervisor"), matter, district.units["water"])
    assert again.status_code == 409 and "另一个通话" in again.json()["error"]["what"]
    busy = ring(as_("office.second"), matter, district.units["light"]).json()
    assert busy["state"] == "ringing", "a colleague is free still"
    assert step(as_("light.second"), busy["url"], "reject").json()["state"] == "ringing"
    assert step(as_("light.handler"), busy["url"], "reject").json()["result"] == "rejected"


def test_nobody_answers_and_the_file_says_so_and_the_unit_is_told(district, matter, engine, november, as_):
    supervisor, light = as_("office.supervisor"), district.units["light"]
    url = ring(supervisor, matter, light).json()["url"]
    for _ in range(4):
        november.move_to(time.now() + timedelta(seconds=15))
        told = step(supervisor, url, "beat").json()
    assert told["result"] == "missed" and "60 秒无人接听" in told["told"]
    assert Outgoing.objects.filter(event="supervision.missed_call", unit=light).exists()
    page = supervisor.get(url).content.decode()
    assert "改用电话" in page and f"/supervision/{matter.pk}/do/call/" in page
    assert step(as_("light.handler"), url, "answer").status_code == 409

    url = ring(supervisor, matter, light).json()["url"]
    november.move_to(time.now() + timedelta(seconds=40))  # his page was closed
    assert end_stale() == 1 and end_stale() == 0
    url = ring(supervisor, matter, light).json()["url"]
    step(as_("light.handler"), url, "answer")
    assert ring(as_("office.second"), matter, light).json()["result"] == "busy"
    assert step(supervisor, url, "fail").json()["result"] == "failed"
    titles = Step.objects.filter(matter=matter, verb="call").order_by("at", "id").values_list("title", flat=True)
    assert [title.partition("：")[2] for title in titles] == ["未接", "未接", "忙", "失败"]


def test_without_an_engine_nothing_rings_nothing_is_written_and_the_telephone_stays(district, matter, as_, settings):
    supervisor, light = as_("office.supervisor"), district.units["light"]
    page = supervisor.get(f"/supervision/{matter.pk}/").content.decode()
    assert "需要 janus" in page and "视频督办" not in page
    assert "需要 janus" in supervisor.get(f"/supervision/{matter.pk}/talk/{light.pk}/").content.decode()
    refused = ring(supervisor, matter, light)
    assert refused.status_code == 409 and "固话或手机" in refused.json()["error"]["remedy"]
    settings.CALL_PORT = "hezhi.engines.reach.calls.NoCalls"
    assert "尚未对接" in ring(supervisor, matter, light).json()["error"]["what"]
    assert not Call.objects.exists() and not Step.objects.filter(verb="call").exists()
    url = f"/supervision/{matter.pk}/do/call/"
    assert supervisor.post(url, {"unit": str(light.pk), "text": ""}).status_code == 422
    assert supervisor.post(url, {"unit": str(light.pk), "text": "值班员称下午到场"}).status_code == 302
    assert Step.objects.get(matter=matter, verb="call").title == "电话督导示例区城市管理局"
