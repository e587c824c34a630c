"""What the facts listen to: borders that moved. Cases that move need no listener, the database marks them (0050)."""

from typing import Any
from uuid import UUID

from hezhi.chapters.cases.statistics.actions import mark_community
from hezhi.chapters.cases.statistics.models import Report
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor
from hezhi.engines.records.files import guard
from hezhi.engines.records.models import Attachment
from hezhi.ground.events import listens


@listens("grids.redrawn")
def look_up_again(*, community: Area | UUID, **_: Any) -> None:
    """Grids of a community were redrawn (网格重划): which grid its cases lie in today is looked up again."""
    mark_community(community.pk if isinstance(community, Area) else community)


def may_open_file(actor: Actor, report_id: UUID, attachment: Attachment) -> bool:
    """Who may open a kept report: whoever sees it in the list."""
    return actor.may("statistics.view") and Report.objects.visible_to(actor).filter(pk=report_id).exists()


guard("statistics.report", may_open_file)
