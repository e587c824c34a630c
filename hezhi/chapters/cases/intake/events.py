"""What intake listens to: an officer's choice against the suggestion, which the classifier learns from."""

from typing import Any

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.models import Correction
from hezhi.ground import time
from hezhi.ground.events import listens


@listens("cases.category_corrected")
def remember(*, case: Case, suggested: str, chosen: str, **_: Any) -> None:
    """Keep the correction (更正); a job learns from it later. Never for a secret case."""
    if not case.secret:
        Correction.objects.create(case=case, suggested=suggested, chosen=chosen, at=time.now())


@listens("cases.changed")
def forget_when_secret(*, case: Case, verb: str, **_: Any) -> None:
    """A case that has become secret is nothing to learn from any more (保密件不作为样本)."""
    if verb == "make_secret":
        forget(case=case)


@listens("cases.erased")
def forget(*, case: Case, **_: Any) -> None:
    """Nor is one that was erased (到期清除)."""
    Correction.objects.filter(case=case).delete()
