"""Disputes of the demo district (演示数据): one agreed, one being asked, one sent on; all invented."""

from datetime import timedelta

from hezhi.chapters.cases.handling.demo import cast
from hezhi.chapters.cases.mediation import actions
from hezhi.chapters.cases.mediation.models import Dispute, Party
from hezhi.engines.org.api import Actor
from hezhi.ground import time

TOLD = (
    ("小区楼上楼下渗水纠纷（示例）", "0201", "卫生间渗水，双方对维修费用意见不一。（示例）"),
    ("楼道堆物邻里纠纷（示例）", "0299", "楼道长期堆放杂物，多次劝说未清。（示例）"),
    ("装修押金退还纠纷（示例）", "0402", "装修结束后押金未退，双方各执一词。（示例）"),
)
PEOPLE = (("asks", "示例甲", "19900000001"), ("other", "示例乙", "19900000002"))


def load() -> None:
    """Load it; a second call changes nothing, and without the demo people nothing is done."""
    by = cast().first("town_dispatcher")
    if Dispute.objects.exists() or by is None:
        return
    for n, (name, category, summary) in enumerate(TOLD):
        row = actions.register(
            by=by, name=name, on=time.today() - timedelta(days=5 + n), address="示例小区 2 号楼", category=category,
            summary=summary, due_on=time.today() + timedelta(days=25), mediator_org="示例社区人民调解委员会",
        )  # fmt: skip
        for side, person, phone in PEOPLE:
            actions.add_party(row.pk, by=by, side=side, name=person, phone=phone)
        if n == 0:
            _agreed(row, by)
        elif n == 2:
            actions.refer(row.pk, by=by, to="court", organ="示例区人民法院", reason="双方要求司法途径解决。（示例）")


def _agreed(row: Dispute, by: Actor) -> None:
    parties = list(Party.objects.filter(dispute=row))
    for party in parties:
        actions.consent(party.pk, by=by, agrees=True, how="face")
    actions.meet(
        row.pk, by=by, at=time.now(), place="社区调解室", present=[party.pk for party in parties],
        notes="双方同意各承担一半费用。（示例）", outcome="agreed",
    )  # fmt: skip
    actions.agree(
        row.pk, by=by, kind="written", content="一周内修复，费用各半。（示例）", signed_on=time.today(),
        perform_by=time.today() + timedelta(days=7),
    )  # fmt: skip
