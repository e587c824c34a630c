"""Members between two organisations (组织关系转接), on the map by their own word, and what they did (服务时长)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from hezhi.chapters.grassroots.party.models import MapConsent, Member, PartyOrganisation, ServiceRecord, Transfer
from hezhi.chapters.grassroots.party.models.base import APPROVED, settle_at
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import locked, within
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

EDIT, TRANSFER = "party_members.edit", "party_members.transfer"


def member(key: UUID, by: Actor) -> Member:
    """A member this person may know of, held until the transaction ends."""
    found = (
        locked(Member.objects.visible_to(by).filter(removed_at__isnull=True), key)
        .select_related("organisation")
        .first()
    )
    if found is None:
        raise NotFound("没有找到这名党员。")
    return found


def settle_in(row: Member) -> None:
    """A member lies where the organisation lies and belongs to whom it belongs."""
    settle_at(row, row.organisation)


# -- the map ---------------------------------------------------------------------------------------


@clause("9.1.3-3-2")
@verb("party.agree_to_map")
def agree_to_map(row: Member, *, by: Actor, given_on: date, how: str) -> MapConsent:
    """Write down that the member agreed to be counted at his building (登记上图同意)."""
    by.must(EDIT)
    row = member(row.pk, by)
    if given_on > time.today():
        raise BadInput({"given_on": "同意日期不能晚于今天。"})
    if how not in MapConsent.How.values:
        raise BadInput({"how": "请选择同意方式。"})
    if row.mapconsents.filter(withdrawn_on__isnull=True).exists():
        raise NotNow("已经登记过同意，现在仍然有效。", code="party.agreed_already")
    return MapConsent.objects.create(member=row, given_on=given_on, how=how)


@clause("9.1.3-3-2")
@verb("party.leave_map")
def leave_map(row: Member, *, by: Actor) -> MapConsent:
    """The member takes his consent back; from this moment on the map does not count him (撤回上图同意)."""
    by.must(EDIT)
    row = member(row.pk, by)
    consent = row.mapconsents.select_for_update().filter(withdrawn_on__isnull=True).first()
    if consent is None:
        raise NotNow("没有正在生效的同意。", code="party.not_agreed")
    consent.withdrawn_on = time.today()
    consent.save()
    return consent


# -- service ---------------------------------------------------------------------------------------


@clause("9.1.3-3-2")
@verb("party.write_service")
def write_service(row: Member, *, by: Actor, done_on: date, hours: Decimal, what: str) -> ServiceRecord:
    """Write down what a member did for the community (登记服务时长)."""
    by.must(EDIT)
    row = member(row.pk, by)
    if done_on > time.today():
        raise BadInput({"done_on": "服务日期不能晚于今天。"})
    if not 0 < hours <= 24:
        raise BadInput({"hours": "一天的时长应在 0 到 24 小时之间。"})
    if not what.strip():
        raise BadInput({"what": "请填写服务内容。"})
    return ServiceRecord.objects.create(member=row, done_on=done_on, hours=hours, what=what.strip()[:100])


# -- transfer --------------------------------------------------------------------------------------


@clause("9.1.3-3-2")
@verb("party.ask_transfer")
def ask_transfer(row: Member, *, by: Actor, to_code: str, reason: str) -> Transfer:
    """Begin a transfer from the side that lets the member go: that side has confirmed with it (转出方提出).

    Raises BadInput for an organisation that is not there, NotNow while another transfer is open.
    """
    by.must(TRANSFER)
    row = member(row.pk, by)
    to = PartyOrganisation.objects.filter(code=to_code.strip(), state=APPROVED, removed_at__isnull=True).first()
    if to is None:
        raise BadInput({"to": "没有这个在册的党组织，请核对党组织编号。"})
    if to.pk == row.organisation_id:
        raise BadInput({"to": "党员已经在这个党组织。"})
    if not reason.strip():
        raise BadInput({"reason": "请填写转接原因。"})
    if row.transfers.filter(state=Transfer.State.OPEN).exists():
        raise NotNow(
            "这名党员已有一份转接在等待确认。", remedy="请等对方确认，或由对方退回后再提。", code="party.transfer_open"
        )
    return Transfer.objects.create(
        member=row, from_organisation=row.organisation, to_organisation=to, reason=reason.strip()[:100], asked_at=time.now(),
        released_by_id=by.user_id,
    )  # fmt: skip


def _open(transfer: Transfer, by: Actor) -> Transfer:
    by.must(TRANSFER)
    found = locked(Transfer.objects.visible_to(by), transfer.pk).first()
    if found is None:
        raise NotFound("没有找到这份转接。")
    if found.state != Transfer.State.OPEN:
        raise NotNow(f"这份转接{found.get_state_display()}，不能再确认。", code="party.transfer_over")
    mine = PartyOrganisation.objects.filter(within(by.scope))
    if not mine.filter(pk=found.to_organisation_id).exists():
        raise NotAllowed("这份转接由接收方确认。", code="party.other_side")
    if found.released_by_id == by.user_id:
        raise NotAllowed(
            "转出和接收须由两个人分别确认。", remedy="请由接收方的其他同事确认。", code="party.own_transfer"
        )
    return found


@clause("9.1.3-3-2")
@verb("party.receive_member")
def receive_member(transfer: Transfer, *, by: Actor) -> Transfer:
    """The receiving side confirms (接收方确认): the member belongs to the other organisation from now on."""
    found = _open(transfer, by)
    row = Member.objects.select_for_update(of=("self",)).get(pk=found.member_id)
    if row.organisation_id != found.from_organisation_id or row.removed_at is not None:
        raise NotNow(
            "党员的组织关系在提出以后又有变化，这份转接不再适用。",
            remedy="请退回，由转出方重新提出。",
            code="party.moved_meanwhile",
        )
    if found.to_organisation.state != APPROVED:
        raise NotNow("接收党组织已经撤销，不能接收。", code="party.not_there")
    row.organisation = found.to_organisation
    settle_in(row)
    row.changed_at, row.changed_by_id = time.now(), by.user_id
    row.revision += 1
    row.save()
    for office in row.offices.filter(organisation=found.from_organisation_id, until__isnull=True):
        office.until = time.today()
        office.save()
    return _answered(found, by, Transfer.State.DONE)


@clause("9.1.3-3-2")
@verb("party.refuse_transfer")
def refuse_transfer(transfer: Transfer, *, by: Actor, reason: str) -> Transfer:
    """The receiving side does not agree (接收方退回), and says why."""
    found = _open(transfer, by)
    if not reason.strip():
        raise BadInput({"reason": "请写明不同意的理由。"})
    found.answer = reason.strip()[:100]
    return _answered(found, by, Transfer.State.REFUSED)


def _answered(found: Transfer, by: Actor, state: str) -> Transfer:
    found.state, found.received_by_id, found.answered_at = state, by.user_id, time.now()
    found.save()
    return found
