"""The further questions of a category are typed and read as lines (补充询问); sheets and machines keep the data."""

import json

import pytest

from hezhi.chapters.cases.handling.models import Category
from hezhi.chapters.cases.handling.question_lines import data_of, lines_of
from hezhi.engines.org.testkit import traced
from hezhi.engines.registry import site
from hezhi.engines.registry.contract import World

pytestmark = pytest.mark.clause("9.1.2-2")

DATA = [
    {"key": "range", "text": "是一户没水，还是整栋？", "choices": ["一户", "整栋楼"]},
    {"key": "degrees", "text": "室内大约多少度？", "type": "number", "min": 0, "max": 40, "unit": "度"},
    {"key": "wire", "text": "电线有没有外露", "type": "yesno"},
    {"key": "since", "text": "哪天开始的？", "type": "date"},
    {"key": "else", "text": "其他情况？"},
]
LINES = "是一户没水，还是整栋？一户/整栋楼\n室内大约多少度？数字 0至40 度\n电线有没有外露|是或否\n哪天开始的？日期\n其他情况？"


def test_lines_and_data_say_the_same() -> None:
    assert lines_of(DATA) == LINES
    assert data_of(LINES, DATA) == DATA, "what was not changed stays as it is, keys too"
    assert data_of("有没有人受伤？有/没有\n其他情况？", []) == [
        {"key": "q1", "text": "有没有人受伤？", "choices": ["有", "没有"]}, {"key": "q2", "text": "其他情况？"},
    ]  # fmt: skip
    changed = data_of(LINES.replace("一户/整栋楼", "一户／整栋楼／整个小区"), DATA)
    assert changed[0] == {"key": "range", "text": DATA[0]["text"], "choices": ["一户", "整栋楼", "整个小区"]}


def test_what_lines_cannot_say_is_left_as_data() -> None:
    assert lines_of([{"key": "a", "text": "哪里？", "choices": ["楼上/楼下", "屋内"]}]) == ""


@pytest.fixture
def world(db: None) -> World:
    return World(site.get("categories"))


def send(world: World, row: Category, questions: str):
    url = world.registry.url(row.pk, "edit")
    page = world.get(url)
    hidden = {n: page.context[n] for n in ("form_token", "row_version") if page.context.get(n)}
    return world.client().post(url, world.typed(row) | {"questions": questions} | hidden)


def test_a_category_shows_and_takes_its_questions_as_lines(world: World) -> None:
    row = world.rows()[0]
    assert send(world, row, LINES).status_code == 302
    row.refresh_from_db()
    assert [each["text"] for each in row.questions] == [each["text"] for each in DATA]
    shown, form = (world.get(world.registry.url(row.pk, *way)).content.decode() for way in ((), ("edit",)))
    assert "是一户没水，还是整栋？一户/整栋楼<br>室内大约多少度？数字 0至40 度" in shown
    assert "室内大约多少度？数字 0至40 度\n" in form
    for page in (shown, form):
        assert "&quot;key&quot;" not in page
    api = world.api("get", world.registry.rest_url(row.pk)).json()
    assert "questions" not in api or api["questions"] == row.questions


def test_wrong_lines_are_told_by_their_number(world: World) -> None:
    row = world.rows()[0]
    typed = "哪里漏水？屋内/屋外\n多久了？一天"
    refused = send(world, row, typed)
    page = refused.content.decode()
    assert refused.status_code == 422 and "第 2 行：选项至少两个" in page and typed in page
    assert "最多 5 问" in send(world, row, "\n".join(f"第{n}问？" for n in range(6))).content.decode()


def test_the_data_itself_is_taken_as_before(world: World) -> None:
    traced()
    row = world.rows()[0]
    assert send(world, row, json.dumps(DATA, ensure_ascii=False)).status_code == 302
    row.refresh_from_db()
    assert row.questions == DATA
    assert world.api("patch", world.registry.rest_url(row.pk), {"questions": DATA[:1]}).status_code == 200
    row.refresh_from_db()
    assert row.questions == DATA[:1]
