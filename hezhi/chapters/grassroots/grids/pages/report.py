"""Counts by grid, as grids were at the time and as they are now (按当时网格、按现在网格)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hezhi.chapters.grassroots.grids.models import Grid
from hezhi.chapters.grassroots.grids.pages.supervision import chosen_town, towns_of
from hezhi.chapters.grassroots.grids.queries import contents
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time

clause = "9.1.3-1-1"
SHOWN = 400


class PeriodForm(forms.Form):
    """From which day to which (统计期间)."""

    start = forms.DateField(label="从", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    end = forms.DateField(label="至", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("start") and told.get("end") and told["end"] < told["start"]:
            raise forms.ValidationError("结束日期不能早于开始日期。")
        return told


@needs("grids.view", clause=clause)
def page(request: HttpRequest) -> HttpResponse:
    """Two numbers for each grid: what happened in it as it was then, and on the ground it has now."""
    by = reader(request)
    end = time.today()
    asked = {"start": request.GET.get("start") or end - timedelta(days=30), "end": request.GET.get("end") or end}
    form = PeriodForm(asked)
    towns = towns_of(by)
    town = chosen_town(request, towns)
    told: list[dict[str, Any]] = []
    if form.is_valid():
        told = _counted(by, form.cleaned_data, town.pk if town else None)
    context = {"form": form, "towns": towns, "town": town, "tables": told, "counted_at": time.now()}
    return render(request, "grids/report.html", context)


def _counted(by: Actor, period: dict[str, Any], town: UUID | None) -> list[dict[str, Any]]:
    mine = Grid.objects.visible_to(by).filter(kind="basic").defer("shape").order_by("code")
    grids = {grid.pk: grid for grid in (mine.filter(town=town) if town else mine)}
    tables = []
    for room in contents.contents_for(by):
        if room.then_and_now is None:
            continue
        found = room.then_and_now(by, period["start"], period["end"])
        rows = [(grids[key], then, now) for key, (then, now) in found.items() if key in grids and (then or now)]
        rows.sort(key=lambda row: row[0].code)
        tables.append({
            "title": room.title, "rows": rows[:SHOWN], "more": max(0, len(rows) - SHOWN),
            "then": sum(row[1] for row in rows), "now": sum(row[2] for row in rows),
            "differ": sum(row[1] != row[2] for row in rows),
        })  # fmt: skip
    return tables
