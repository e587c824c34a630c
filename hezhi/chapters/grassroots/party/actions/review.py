"""What a second person approves (统一审核): submitting, and what a yes or a no does.

Every kind stands on the common page 审批. Whoever submits cannot approve; the approver sits in the submitter's
unit or in the nearest unit above that has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hezhi.chapters.grassroots.party.models import PartyOrganisation
from hezhi.chapters.grassroots.party.models.base import APPROVED, OPEN_TO_EDIT, RETURNED, WAITING
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.flow.parts import approving_unit
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.records.acting import verb
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import NotFound, NotNow

REVIEW = "party.review"
Lines = Sequence[tuple[str, str]]


def _fine(row: Any) -> None:
    """Nothing more to ask of it."""


@dataclass(frozen=True)
class Matter:
    """A kind of row that takes effect by approval (审核事项): its table, who may submit, what is told, what is asked.

    `check` refuses a row that is not ready; it is asked when the row is submitted and again when it is approved.
    """

    kind: str
    name: str
    model: Any
    right: str
    tell: Callable[[Any], Lines]
    check: Callable[[Any], None] = _fine
    slug: str = ""
    """The registry in which the approver finds it whole."""

    def row(self, key: UUID) -> Any:
        """The row, held until the transaction ends."""
        found = self.model.objects.select_for_update(of=("self",)).filter(pk=key, removed_at__isnull=True).first()
        if found is None:
            raise NotFound("没有找到这份材料，可能已经删除。", code="party.gone")
        return found


_matters: dict[str, Matter] = {}


def matter(found: Matter) -> Matter:
    """Make a kind of row known, here and on the approvals page."""
    _matters[found.kind] = found
    approvals.register(
        approvals.Kind(
            found.kind, found.name, describe=lambda asked: found.tell(found.model.objects.get(pk=asked.object_id)),
            granted=_granted, refused=_refused, check=_check,
            original=lambda asked: addresses.page(found.slug, asked.object_id) if found.slug else "",
        )
    )  # fmt: skip
    return found


def matter_of(model: type[Any]) -> Matter:
    """The matter by which a table's rows are approved."""
    return next(each for each in _matters.values() if each.model is model)


def place_of(by: Actor) -> Unit:
    """Where the second person sits; refuses where there is none."""
    place = approving_unit(by, REVIEW)
    if place is None:
        raise NotNow(
            "还没有可以审批的第二个人。", "材料没有提交，内容都在。", "请联系安全管理员在本单位或上级单位设审批岗位。",
            code="party.no_reviewer",
        )  # fmt: skip
    return place


@clause("9.1.3-3-1")
@verb("party.submit")
def submit(row: Any, *, by: Actor) -> Approval:
    """Put a draft before the second person (提交审批). Raises NotNow when it is not a draft or nobody may approve."""
    told = matter_of(type(row))
    by.must(told.right)
    if not told.model.objects.visible_to(by).filter(pk=row.pk).exists():
        raise NotFound(f"没有找到这条{told.model._meta.verbose_name}。")
    row = told.row(row.pk)
    if row.state not in OPEN_TO_EDIT:
        raise NotNow(
            f"这条{told.model._meta.verbose_name}现在是“{row.get_state_display()}”，不用再提交。",
            code="party.not_draft",
        )
    told.check(row)
    place = place_of(by)
    row.state, row.changed_at, row.changed_by_id = WAITING, time.now(), by.user_id
    row.revision += 1
    row.save()
    return approvals.ask(
        by, kind=told.kind, obj=(row._meta.label_lower, row.pk), number=told.name[:40], unit_id=place.pk,
        title=f"{told.name}：{row}", reason="提交审批", permission=REVIEW,
    )  # fmt: skip


def _check(asked: Approval, by: Actor) -> None:
    if asked.state == Approval.State.APPROVED:
        told = _matters[asked.kind]
        told.check(told.row(asked.object_id))


def _granted(asked: Approval, by: Actor) -> None:
    row = _matters[asked.kind].row(asked.object_id)
    row.state, row.edition, row.approved_at, row.returned_because = APPROVED, row.edition + 1, time.now(), ""
    row.revision += 1
    row.save()


def _refused(asked: Approval, by: Actor) -> None:
    row = _matters[asked.kind].row(asked.object_id)
    row.state, row.returned_because = RETURNED, (asked.opinion or "申请人已撤回")[:200]
    row.revision += 1
    row.save()


def _tell_organisation(row: PartyOrganisation) -> Lines:
    return [
        ("党组织", row.name), ("编号", row.code), ("类别", row.get_kind_display()), ("上级党组织", str(row.parent or "无")),
        ("建立文号", row.founding_paper), ("建立日期", str(row.founded_on)), ("本届届满", str(row.term_until or "未填")),
        ("覆盖", str(row.grid or row.community or "未填")),
    ]  # fmt: skip


def _organisation_is_ready(row: PartyOrganisation) -> None:
    if not row.founding_paper:
        raise NotNow(
            "还没有填写建立文号。", "没有提交。", "请填写批准建立的文号，并在“附件”里上传文件。", code="party.no_paper"
        )
    if row.parent is not None and row.parent.state != APPROVED:
        raise NotNow(
            f"上级党组织“{row.parent}”还没有通过审批，或已经撤销。",
            remedy="请先办理上级党组织。",
            code="party.parent_not_there",
        )


matter(
    Matter(
        "party_found",
        "新建党组织",
        PartyOrganisation,
        "party_organisations.edit",
        _tell_organisation,
        _organisation_is_ready,
        "party-organisations",
    )
)
