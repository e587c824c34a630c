"""Learning from officers' choices (更正学习, 9.1.2-1): at night, from corrections and confirmations, never from secrets.

A new model is kept under the installation's own folder only when it would have met more of the choices,
unseen, than the shipped one. It starts from the shipped model each time, so it never drifts. Patterns of
personal values (telephone, identity number) are masked before the text is read, and the model grows only
by words of the general dictionary.
"""

import os
import shutil
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path

from django.conf import settings

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.models import Correction
from hezhi.engines.analysis.text import classify, correct
from hezhi.engines.analysis.text.model import Model, ModelRefused, load, save
from hezhi.engines.org.actor import system
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.masks import mask_text

MOST = 5000
"""How many of the newest choices are learnt from."""
KEPT = 2
"""How many learnt models stay: the one in use and the one before, to go back to."""
NIGHT = range(1, 5)


def folder() -> Path:
    """Where learnt models stand, one folder each, named by its moment."""
    return Path(settings.HEZHI_HOME) / "model"


def newest() -> Path | None:
    """The folder of the learnt model in use, or None while only the shipped one is there."""
    place = str(folder())
    try:
        return _newest_in(place, os.stat(place).st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=1)
def _newest_in(place: str, changed: int) -> Path | None:
    """Looked for once for each state of the folder: this is asked for every message."""
    return max(Path(place).glob("2*"), default=None)


def model_in_use() -> Model:
    """The learnt model, or the shipped one when there is none or it is damaged. Raises ModelRefused when neither is whole."""
    path = newest()
    if path is not None:
        try:
            return _loaded(str(path))
        except ModelRefused:
            pass  # the shipped one is always there; `hezhi doctor` tells about damaged files
    return classify.shipped()


@lru_cache(maxsize=1)
def _loaded(path: str) -> Model:
    return load(Path(path))


def nightly() -> int:
    """Learn once a night between 1 and 5 when there is something new; gives how many choices were learnt from."""
    now = time.local(time.now())
    if now.hour not in NIGHT:
        return 0
    fresh = Correction.objects.filter(learnt_at__isnull=True, case__secret=False)
    if not fresh.exists() or Correction.objects.filter(learnt_at__gte=time.at_local(now.date())).exists():
        return 0
    return learn()


def learn() -> int:
    """Fit a model to the choices and keep it when it is better (更正学习); gives how many choices there were.

    Too few choices: nothing happens and they wait.
    """
    choices = list(chain(_corrections(), _confirmations()))
    if len(correct.latest(choices)) < correct.LEAST:
        return 0
    result = correct.refit(classify.shipped(), choices)
    kept = result.after > result.before
    with acting(system("类别学习"), verb="intake.learn") as deed:
        if kept:
            _keep(result.model)
        Correction.objects.filter(learnt_at__isnull=True).update(learnt_at=time.now())
        deed.detail |= {"choices": result.choices, "kept": kept, "before": result.before, "after": result.after}
    return result.choices


def _corrections() -> Iterator[correct.Correction]:
    """What officers chose against the suggestion, newest first."""
    rows = Correction.objects.filter(case__secret=False, case__category__isnull=False).order_by("-at")
    cases = rows.select_related("case__category")[:MOST]
    return (_choice(row.case) for row in cases if row.case.category and row.case.category.label)


def _confirmations() -> Iterator[correct.Correction]:
    """Suggestions that officers let stand: without them a learner hears of nothing it did well."""
    rows = Case.objects.filter(secret=False, accepted_by__isnull=False, category__label__gt="")
    rows = rows.exclude(pk__in=Correction.objects.values("case")).exclude(suggestion={})
    return (_choice(case) for case in rows.select_related("category").order_by("-received_at")[:MOST])


def _choice(case: Case) -> correct.Correction:
    """A case as the learner sees it: the label of the category that stands, and texts without personal values."""
    label = case.category.label if case.category else ""
    return correct.Correction(str(case.pk), mask_text(case.title), mask_text(case.text), label, case.received_at)


def _keep(model: Model) -> None:
    """Put a model beside the others under a name of its own, whole or not at all; old ones go."""
    whole = folder() / f"{time.local(time.now()):%Y%m%d%H%M%S}"
    draft = folder() / f".{whole.name}"
    shutil.rmtree(draft, ignore_errors=True)
    save(model, draft)
    draft.rename(whole)
    for old in sorted(folder().glob("2*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
