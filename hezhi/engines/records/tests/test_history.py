"""History read back as differences (变更历史)."""

from datetime import UTC, date, datetime

import pytest

from hezhi.engines.org.models import Post, Role
from hezhi.engines.org.testkit import make_role, make_unit
from hezhi.engines.records.acting import acting
from hezhi.engines.records.history import HIDDEN, changes, in_words
from hezhi.engines.records.org_history import TrackedRole


@pytest.fixture
def role(officer) -> Role:
    return make_role("any_row", ["cases.view"], name="原名")


def _change(role: Role, by, reason: str, **values) -> None:
    with acting(by, verb="test.change", reason=reason) as deed:
        deed.on(role)
        for name, value in values.items():
            setattr(role, name, value)
        role.save()


def test_versions_tell_who_when_why_and_what_from_what_to_what(officer, role):
    _change(role, officer, "名称有误", name="新名", permissions=["cases.view", "cases.accept"])
    newest, first = changes(role)
    assert (newest.who, newest.post, newest.reason, newest.verb) == (
        "林雨桐", officer.post_title, "名称有误", "test.change",
    )  # fmt: skip
    assert newest.label == "update" and first.label == "insert"
    told = {change.label: (change.before, change.after) for change in newest.changes}
    labels = {field.name: str(field.verbose_name) for field in Role._meta.fields}
    assert told == {
        labels["name"]: ("原名", "新名"), labels["permissions"]: ("cases.view", "cases.view、cases.accept"),
    }  # fmt: skip
    assert {change.label for change in first.changes} >= {labels["name"], labels["code"]}


def test_a_proxy_and_the_table_itself_have_one_history(officer, role):
    _change(role, officer, "改", name="新名")
    assert changes(TrackedRole.objects.get(pk=role.pk)) == changes(role)


def test_a_writing_that_changed_nothing_told_says_so(officer, role):
    _change(role, officer, "未改")
    assert [version.label for version in changes(role)] == ["insert"]


def test_masked_fields_are_told_as_changed_and_never_shown(officer, role):
    _change(role, officer, "改", name="新名")
    [change] = changes(role, masked=["name"])[0].changes
    assert (change.before, change.after) == ("", HIDDEN)
    assert "新名" not in str(changes(role, masked=["name"]))


def test_what_a_key_points_to_is_named(officer, role):
    unit, other = make_unit("north", name="北区服务中心"), make_unit("south", name="南区服务中心")
    with acting(officer, verb="test.make"):
        post = Post.objects.create(unit=unit, role=role, title="受理岗", valid_from=date(2026, 1, 1))
    with acting(officer, verb="test.move", reason="机构调整"):
        post.unit = other
        post.save()
    [change] = changes(post)[0].changes
    assert (change.before, change.after) == (str(unit), str(other))


def test_a_deleted_row_s_last_version_is_its_end(officer, role):
    with acting(officer, verb="test.delete", reason="重复"):
        key = role.pk
        role.delete()
    role.pk = key
    newest = changes(role)[0]
    assert (newest.label, newest.reason, newest.changes) == ("delete", "重复", ())


def test_only_so_many_versions_are_read_in_few_queries(officer, role, django_assert_num_queries):
    for n in range(6):
        _change(role, officer, "改", name=f"名{n}")
    with django_assert_num_queries(1):
        told = changes(role, most=3)
    assert [version.changes[0].after for version in told] == ["名5", "名4", "名3"]
    assert [version.changes[0].before for version in told] == ["名4", "名3", "名2"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "是"), (False, "否"), (7, "7"), (date(2026, 11, 22), "2026-11-22"), (["a", True], "a、是"),
        (datetime(2026, 11, 22, 1, 30, tzinfo=UTC), "2026-11-22 09:30"),
    ],
)  # fmt: skip
def test_values_are_said_as_people_write_them(value, words: str):
    assert in_words(value) == words
