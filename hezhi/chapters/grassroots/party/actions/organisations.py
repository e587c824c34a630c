"""The end of an organisation (撤销党组织), asked for by one person and approved by another; and its posts (任职)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import connection

from hezhi.chapters.grassroots.party.actions.review import REVIEW, place_of
from hezhi.chapters.grassroots.party.models import Member, Office, PartyOrganisation
from hezhi.chapters.grassroots.party.models.base import APPROVED, ENDED
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import locked
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow

DISSOLVE = "party_dissolve"
TREE_LOCK = 9133
"""Changes of the tree go one after the other: two moves at once could close a circle that neither sees."""


def hold_tree() -> None:
    """Let nobody else move an organisation until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [TREE_LOCK])


def organisation(key: UUID, by: Actor) -> PartyOrganisation:
    """An organisation this person may know of, held until the transaction ends."""
    found = locked(PartyOrganisation.objects.visible_to(by).filter(removed_at__isnull=True), key).first()
    if found is None:
        raise NotFound("没有找到这个党组织。")
    return found


def nothing_hangs_on(row: PartyOrganisation) -> None:
    """Refuse to end an organisation that still has members or organisations below it."""
    if row.children.filter(removed_at__isnull=True).exclude(state=ENDED).exists():
        raise NotNow(
            "它下面还有党组织，不能撤销。",
            "没有做任何改动。",
            "请先把下级党组织移到别处或撤销。",
            code="party.has_children",
        )
    if row.members.filter(removed_at__isnull=True).exists():
        raise NotNow("它还有党员，不能撤销。", "没有做任何改动。", "请先办理组织关系转接。", code="party.has_members")


@clause("9.1.3-3-1")
@verb("party.ask_dissolve")
def ask_dissolve(row: PartyOrganisation, *, by: Actor, reason: str) -> Approval:
    """Ask that an organisation be ended (申请撤销). Raises NotNow while something hangs on it."""
    by.must("party_organisations.delete")
    row = organisation(row.pk, by)
    if row.state != APPROVED:
        raise NotNow(f"这个党组织现在是“{row.get_state_display()}”，不能申请撤销。", code="party.not_there")
    if not reason.strip():
        raise BadInput({"reason": "请写明撤销的依据。"})
    nothing_hangs_on(row)
    return approvals.ask(
        by, kind=DISSOLVE, obj=(row._meta.label_lower, row.pk), number="撤销党组织", unit_id=place_of(by).pk,
        title=f"撤销党组织：{row}", reason=reason.strip()[:200], permission=REVIEW,
    )  # fmt: skip


def _dissolve(asked: Approval, by: Actor) -> None:
    hold_tree()
    row = PartyOrganisation.objects.select_for_update(of=("self",)).get(pk=asked.object_id)
    nothing_hangs_on(row)
    row.state, row.ended_on, row.changed_at = ENDED, time.today(), time.now()
    row.revision += 1
    row.save()


def _tell(asked: Approval) -> list[tuple[str, str]]:
    row = PartyOrganisation.objects.get(pk=asked.object_id)
    return [("党组织", row.name), ("编号", row.code), ("上级党组织", str(row.parent or "无")), ("依据", asked.reason)]


approvals.register(approvals.Kind(DISSOLVE, "撤销党组织", describe=_tell, granted=_dissolve))


# -- posts -----------------------------------------------------------------------------------------


@clause("9.1.3-3-1")
@verb("party.appoint")
def appoint(row: PartyOrganisation, *, by: Actor, member_id: UUID, post: str, since: date) -> Office:
    """Give a member a post in the organisation from a day on (任职). Raises BadInput where the post is taken."""
    by.must("party_organisations.edit")
    row = organisation(row.pk, by)
    member = Member.objects.visible_to(by).filter(pk=member_id, removed_at__isnull=True).first()
    if member is None:
        raise BadInput({"member": "没有找到这名党员，请填写党员编号。"})
    if since > time.today():
        raise BadInput({"since": "任职日期不能晚于今天。"})
    if post not in Office.Post.values:
        raise BadInput({"post": "请选择职务。"})
    open_ = row.offices.filter(until__isnull=True, post=post)
    if (open_ if post == Office.Post.SECRETARY else open_.filter(member=member)).exists():
        raise BadInput({"post": "这个职务已有人担任，请先办理免职。"})
    return Office.objects.create(organisation=row, member=member, post=post, since=since)


@clause("9.1.3-3-1")
@verb("party.relieve")
def relieve(row: PartyOrganisation, *, by: Actor, office_id: UUID, until: date) -> Office:
    """End a post (免职) on a day."""
    by.must("party_organisations.edit")
    row = organisation(row.pk, by)
    office = row.offices.select_for_update().filter(pk=office_id, until__isnull=True).first()
    if office is None:
        raise NotFound("没有找到这项任职，可能已经免去。")
    if not office.since <= until <= time.today():
        raise BadInput({"until": f"免职日期应在 {office.since} 与今天之间。"})
    office.until = until
    office.save()
    return office
