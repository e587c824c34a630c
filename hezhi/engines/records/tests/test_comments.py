"""Remarks on a row (批注)."""

import pytest

from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import make_role
from hezhi.engines.records import comments
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import AuditEntry, Comment
from hezhi.ground.errors import BadInput


@pytest.fixture
def row(officer) -> Role:
    return make_role("any_row")


def test_a_remark_keeps_who_said_it_and_for_whom(officer, row):
    inner = comments.add(row, " 已电话核实 ", by=officer)
    told = comments.add(row, "我们正在办理", by=officer, audience=Comment.Audience.REPORTER)
    assert (inner.text, inner.by_name, inner.unit_name, inner.by_id) == (
        "已电话核实", "林雨桐", officer.unit_name, officer.user_id,
    )  # fmt: skip
    assert list(comments.comments_of(row)) == [inner, told]
    assert list(comments.comments_of(row, audience="reporter")) == [told]
    assert not comments.comments_of(make_role("other_row")).exists()


def test_it_is_a_verb_of_its_own_or_part_of_another(officer, row):
    comments.add(row, "甲", by=officer)
    assert AuditEntry.objects.latest("id").event == "records.comment"
    with acting(officer, verb="test.outer"):
        comments.add(row, "乙", by=officer)
    assert AuditEntry.objects.latest("id").event == "test.outer"
    assert "甲" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


@pytest.mark.parametrize("text", ["", "  \n ", "字" * 2001])
def test_an_empty_or_endless_remark_is_refused_at_its_field(officer, row, text: str):
    with pytest.raises(BadInput) as refused:
        comments.add(row, text, by=officer)
    assert list(refused.value.fields) == ["text"]
