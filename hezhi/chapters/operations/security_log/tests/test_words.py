"""Every event of the audit has a Chinese name (审计用语)."""

import re
from pathlib import Path

import pytest

import hezhi
from hezhi.chapters.operations.security_log import rules

NAMED = re.compile(r'(?:@verb\(|verb=|audit\.write\(\w+, |(?<![\w.])write\([^"\n]*?, )"([a-z_]+\.[a-z_]+)"')


def _codes() -> set[str]:
    root = Path(hezhi.__file__).parent
    files = [path for path in root.rglob("*.py") if "tests" not in path.relative_to(root).parts]
    return {code for path in files for code in NAMED.findall(path.read_text("utf-8"))}


def test_every_verb_of_the_code_has_a_name():
    codes = _codes()
    assert len(codes) > 60 and "users.sign_in" in codes and "cases.accept" in codes
    nameless = sorted(code for code in codes if rules.event_name(code) == code)
    assert not nameless, f"name these in security_log/data/words.toml: {nameless}"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("cases.accept", "受理"), ("cases.reply_with_files", "反馈(带附件)"), ("cases.handle_on_phone", "处置(手机)"),
        ("org.unit.change", "修改单位"), ("handling.category.create", "新增事件类别"), ("strange.event", "strange.event"),
    ],
)  # fmt: skip
def test_composed_events_are_named_by_their_parts(code: str, name: str):
    assert rules.event_name(code) == name


def test_details_are_told_in_words():
    told = rules.details({
        "fields": ["reporter.phone", "file:1"], "objects": [["org.user", "0193aaaa-0000"]], "rows": {"org_role": 2, "handling_case": 1},
        "files": [{"id": "1", "sm3": "ab" * 32, "size": 5}], "odd": True, "filters": ["person"],
    })  # fmt: skip
    assert told == [
        ("查看内容", "上报人电话、附件"), ("其他对象", "人员 0193aaaa"), ("条数", "角色 2、事件 1"), ("附件", "1 个,SM3 abababababab"),
        ("其他(odd)", "是"), ("查询条件", "person"),
    ]  # fmt: skip


def test_fields_are_called_as_their_kind_of_row_calls_them():
    assert rules.field_name("full_name", "org.user") == "姓名"
    assert rules.field_name("work_phone", "org.user") == "工作电话"
    assert rules.field_name("person_name", "registers.resident") == "姓名"
    assert rules.field_name("email", "org.user") not in ("", "email"), "named by the row's own word"


def test_events_are_offered_by_what_they_are_about():
    areas = rules.event_areas()
    assert sum(len(events) for _, events in areas) == len(rules.event_choices())
    english = [area for area, _ in areas if area.isascii()]
    assert not english, f"name these in [areas] of security_log/data/words.toml: {english}"
