"""Who opens the evidence of manual scores (佐证材料)."""

from uuid import UUID

from hezhi.chapters.cases.appraisal.models import Line, Score
from hezhi.engines.org.api import Actor
from hezhi.engines.records.files import guard
from hezhi.engines.records.models import Attachment


def may_open_file(actor: Actor, score_id: UUID, attachment: Attachment) -> bool:
    """Whoever sees the line to which the score belongs."""
    lines = Line.objects.visible_to(actor).values("pk")
    return Score.objects.filter(pk=score_id, line__in=lines).exists()


guard("appraisal.score", may_open_file)
