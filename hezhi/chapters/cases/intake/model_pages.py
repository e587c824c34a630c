"""How good the suggested categories are (类别模型): figures of each label, what is mistaken for what, what was learnt."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from hezhi.chapters.cases.intake import learning
from hezhi.engines.analysis.text import classify
from hezhi.engines.analysis.text.model import Model
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.models import AuditEntry
from hezhi.ground.ui.shapes import Figure

clause = "9.1.2-1"
NIGHTS = 10


@needs("cases.view", clause=clause)
def model(request: HttpRequest) -> HttpResponse:
    """The model in use, by its own validation (类别模型)."""
    reader(request)
    used = learning.model_in_use()
    checked: dict[str, Any] = used.notes.get("cross_validation", {})
    return render(
        request,
        "intake/model.html",
        {
            "figures": _figures(used, checked),
            "labels": _labels(checked.get("labels", {})),
            "mistakes": _mistakes(checked.get("confusion", {})),
            "confusion": _table(checked.get("confusion", {})),
            "shipped": used is classify.shipped(),
            "corrections": used.notes.get("corrections", 0),
            "nights": _nights(),
        },
    )


def _figures(used: Model, checked: dict[str, Any]) -> list[Figure]:
    if not checked:
        return []
    alone = checked["coverage"].get("0.97", 0)
    return [
        Figure("宏平均 F1", f"{checked['macro_f1']:.3f}", note="各类别同等看待"),
        Figure("首选正确", f"{checked['micro_f1']:.1%}", note=f"共 {checked['messages']:,} 条"),
        Figure("前两个里有正确的", f"{checked['top2']:.1%}"),
        Figure("可直接采用", f"{alone:.0%}", note="在 97% 准确率下；其余由人选定"),
    ]


def _labels(labels: dict[str, dict[str, float]]) -> list[tuple[str, str, str, str, int]]:
    """One line for each label, the weakest first."""
    weakest_first = sorted(labels.items(), key=lambda one: one[1]["f1"])
    return [
        (name, f"{x['precision']:.1%}", f"{x['recall']:.1%}", f"{x['f1']:.3f}", int(x["messages"]))
        for name, x in weakest_first
    ]


def _nights() -> list[tuple[datetime, int, str, str, bool]]:
    """What learning at night brought, newest first."""
    entries = AuditEntry.objects.filter(event="intake.learn").order_by("-at")[:NIGHTS]
    return [
        (e.at, e.detail["choices"], f"{e.detail['before']:.1%}", f"{e.detail['after']:.1%}", e.detail["kept"])
        for e in entries
    ]


def _mistakes(confusion: dict[str, dict[str, int]]) -> list[tuple[str, str, int, float]]:
    """What is mistaken for what, the commonest first, with the share of the label's messages."""
    found = [
        (truth, guess, count, count / sum(row.values()))
        for truth, row in confusion.items()
        for guess, count in row.items()
        if guess != truth and count
    ]
    return sorted(found, key=lambda one: -one[2])[:6]


def _table(confusion: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Rows are what people chose, columns what the model said."""
    names = list(confusion)
    rows = [(name, [(confusion[name].get(other, 0), other == name) for other in names]) for name in names]
    return {"names": names, "rows": rows}


urlpatterns = [path("model/", model, name="case-model")]
