"""Reads about disputes (纠纷查询), always starting from who reads."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hezhi.chapters.cases.mediation.flows import DISPUTE, WORK
from hezhi.chapters.cases.mediation.models import Agreement, Dispute, FollowUp, Party, Referral, Session, Step
from hezhi.engines.flow.rules.life_cycle import Verb, next_verbs
from hezhi.engines.org.api import Actor, holders_of
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask

MOST_UNITS = 60


@dataclass
class DisputeFile:
    """Everything a dispute page shows (纠纷详情)."""

    row: Dispute
    parties: list[Party]
    sessions: list[Session]
    agreements: list[Agreement]
    referrals: list[Referral]
    follow_ups: list[FollowUp]
    steps: list[Step]
    verbs: list[Verb]
    works: bool
    """Whether this reader mediates it, and so reads the narratives whole."""


def dispute_for(by: Actor, key: UUID) -> Dispute:
    """One dispute that this reader may see; otherwise «not found»."""
    rows = Dispute.objects.visible_to(by).select_related("mediator", "case", "unit", "town", "community")
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound(
            "没有找到这件纠纷。", "可能编号有误，或不在您的管辖范围。", "请核对编号。", code="mediation.not_found"
        )
    return found


def dispute_file(by: Actor, key: UUID) -> DisputeFile:
    """The whole file of a dispute for this reader."""
    row = dispute_for(by, key)
    own = row.mediator_id in (None, by.user_id)
    verbs = [v for v in next_verbs(DISPUTE, row.state, by.permissions) if v.right != WORK or own]

    def of(model: Any) -> list[Any]:
        return list(model.objects.filter(dispute=row))

    return DisputeFile(
        row, of(Party), of(Session), of(Agreement), of(Referral), of(FollowUp), of(Step), verbs, by.may(WORK) and own
    )


def party_names(parties: list[Party]) -> dict[UUID, str]:
    """The parties by their side and masked name."""
    return {party.pk: f"{party.get_side_display()} {mask('name', party.name)}" for party in parties}


def mediators(by: Actor) -> list[tuple[str, str]]:
    """Who may be named as mediator: the people of the reader's unit and of those below who may mediate."""
    units = list(dict.fromkeys([*(by.scope.units or ()), *([by.unit_id] if by.unit_id else [])]))
    found = {user.pk: user.full_name for unit in units[:MOST_UNITS] for user in holders_of(WORK, unit)}
    return [(str(key), name) for key, name in found.items()]


def of_case(by: Actor, case_id: UUID) -> list[Dispute]:
    """The disputes that came out of a case."""
    return list(Dispute.objects.visible_to(by).filter(case=case_id))
