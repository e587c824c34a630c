"""Verbs on programmes (帮扶项目): assessment, order, opening and closing; nothing opens without its assessment (P13)."""

from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from hezhi.chapters.grassroots.care import queries, rules
from hezhi.chapters.grassroots.care.models import Programme
from hezhi.chapters.grassroots.care.queries import ASSESSMENT, ORDER
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.files import LookedThrough, keep_files
from hezhi.engines.records.vault import create_compartment
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.text import tidy

SEEDED = (
    "code", "name", "category", "group", "clause", "purpose", "basis", "duty_holder", "items", "recipients", "keep_months", "notice",
    "team", "ends_when", "longest_months", "ends_at_age", "least_age", "review_months", "strict", "mirror", "needs_order",
    "two_people", "grid_sees",
)  # fmt: skip


def load_programmes(*, by: Actor) -> int:
    """Write the programmes that are missing (载入初始项目), none of them open; gives how many were new."""
    known = set(Programme.objects.values_list("code", flat=True))
    new = [
        Programme(
            id=uuid5(NAMESPACE_URL, f"hezhi:care:{told['code']}"), offered=told["on"],
            **{name: told[name] for name in SEEDED if name in told},
        )
        for told in rules.seed_programmes()
        if told["code"] not in known
    ]  # fmt: skip
    if new:
        with acting(by, verb="care.load_programmes") as deed:
            Programme.objects.bulk_create(new)
            deed.detail["programmes"] = len(new)
    return len(new)


def _taken(programme_id: UUID, by: Actor) -> Programme:
    by.must("care.programmes")
    row = Programme.objects.select_for_update(of=("self",)).filter(pk=programme_id).first()
    if row is None:
        raise NotFound(what="没有这个帮扶项目。", code="care.no_programme")
    return row


@clause("9.1.3-2-6")
@verb("care.assess_programme")
def assess(
    programme_id: UUID, *, by: Actor, number: str, on: date, until: date, paper: LookedThrough | None
) -> Programme:
    """Put the impact assessment on file (个人信息保护影响评估, PIPL 55): the paper itself, its number, its date.

    The next one is due in a year at most. Raises BadInput by field, also without the paper.
    """
    row = _taken(programme_id, by)
    faults = {}
    if not tidy(number):
        faults["number"] = "请填写影响评估报告的编号。"
    if on > time.today():
        faults["on"] = "评估日期不能晚于今天。"
    if not on < until <= rules.months_later(on, 12):
        faults["until"] = "下次评估应在本次评估之后一年以内。"
    if paper is None:
        faults["paper"] = "请上传影响评估报告。"
    if faults:
        raise BadInput(faults)
    row.assessment, row.assessed_on, row.assessed_until = tidy(number), on, until
    row.revision += 1
    row.save()
    keep_files(by, row, [paper] if paper else [], stage=ASSESSMENT, field="paper")
    return row


@clause("9.1.3-2-6")
@verb("care.note_order")
def note_order(
    programme_id: UUID, *, by: Actor, number: str, officer_id: UUID, unit_id: UUID, paper: LookedThrough | None
) -> Programme:
    """Put the order of the competent authority on file, with the officer it names (主管部门文件、指定专人)."""
    row = _taken(programme_id, by)
    faults = {}
    if not tidy(number):
        faults["number"] = "请填写主管部门文件的编号。"
    if paper is None:
        faults["paper"] = "请上传主管部门文件。"
    if faults:
        raise BadInput(faults)
    row.order_number, row.officer_id, row.unit_id = tidy(number), officer_id, unit_id
    row.revision += 1
    row.save()
    keep_files(by, row, [paper] if paper else [], stage=ORDER, field="paper")
    return row


@clause("9.1.3-2-6")
@verb("care.enable_programme")
def enable(programme_id: UUID, *, by: Actor) -> Programme:
    """Open a programme (启用项目): with its assessment on file, and its order where the law wants one (P5, P13)."""
    row = _taken(programme_id, by)
    if row.assessed_on is None or row.assessed_until is None or row.assessed_until <= time.today():
        raise NotNow(
            "这个项目还没有有效的影响评估。",
            "没有评估不能收集个人信息。",
            "请先登记影响评估。",
            code="care.no_assessment",
        )
    papers = queries.papers_of(row)
    if ASSESSMENT not in papers:
        raise NotNow(
            "影响评估报告还没有上传。", "只有编号不能作为启用的依据。", "请在“登记影响评估”中上传报告。", code="care.no_paper"
        )  # fmt: skip
    if row.needs_order and row.order_number and ORDER not in papers:
        raise NotNow(
            "主管部门文件还没有上传。", "只有编号不能作为启用的依据。", "请在“登记主管部门文件”中上传文件。", code="care.no_paper"
        )  # fmt: skip
    if row.needs_order and not (row.order_number and row.officer_id):
        raise NotNow(
            "这个项目须有主管部门文件和指定专人。", "缺少任何一项都不能启用。", "请先登记文件编号和指定专人。", code="care.no_order"
        )  # fmt: skip
    if row.strict:
        create_compartment(row.compartment)
    row.enabled = True
    row.revision += 1
    row.save()
    return row


@clause("9.1.3-2-6")
@verb("care.turn_off_programme")
def turn_off(programme_id: UUID, *, by: Actor, reason: str) -> Programme:
    """Close a programme for new files (停用项目); its open files go on to their end."""
    row = _taken(programme_id, by)
    if not tidy(reason):
        raise BadInput({"reason": "请写明停用理由。"})
    row.enabled = False
    row.revision += 1
    row.save()
    return row
