"""The list that is gone through at small places, and what a place shows of its checks (9.1.3-2-8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.models import CheckItem
from hezhi.chapters.grassroots.registers.queries import name_of_code
from hezhi.chapters.grassroots.registers.registries.common import GROUP, refuse
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Action

LIST = {
    "view": "small_places.view", "edit": "small_places.checklist", "delete": "small_places.checklist",
    "import": "small_places.checklist", "export": "small_places.checklist",
}  # fmt: skip


@register
class CheckItems(Registry):
    """What is looked at, by kind of place (检查清单): data that the office changes."""

    model = CheckItem
    slug, title, group, icon = "check-items", "九小场所检查清单", GROUP, "checklist"
    clause = "9.1.3-2-8"
    right, scope = LIST, public
    list = ("text", "kinds", "hazard", "days", "basis", "order", "active")
    also = ("code", "hint")
    filters = ("hazard", "active")
    search = ("text", "hint", "basis", "code")
    named_by = "text"
    ordering = ("order", "code")
    natural_key = ("code",)
    form = (("检查项", ("code", "text", "kinds", "hint", "hazard", "days", "basis", "order")),)
    bulk = ("days",)

    def check(self, row: CheckItem, by: Actor) -> None:
        """A term that a keeper can keep."""
        refuse(
            {
                "days": None if 1 <= row.days <= 365 else "整改天数应为 1 至 365 天",
                "hazard": "请选择一种隐患" if row.hazard == "00" else None,
            }
        )

    def examples(self, n: int) -> dict[str, Any]:
        return {"code": f"item{n}", "days": n % 30 + 1, "hazard": "01", "kinds": ["01", "02"]}


class ChecksPanel(Panel):
    """The checks of a place and what they found (检查)."""

    code, title, template = "checks", "检查", "registers/tab_checks.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        today = time.today()
        findings = [
            (each, mask_text(each.note), each.state == "open" and each.due < today)
            for each in queries.findings_of(row.pk, by=by)
        ]
        checks = [
            (each, name_of_code("small_place", each.place_kind), faults_of(each.answers), mask_text(each.note))
            for each in queries.checks_of(row.pk, by=by)
        ]
        writes = by.may("small_places.edit") and row.removed_at is None
        return {
            "findings": findings, "checks": checks, "place": row, "may_check": writes,
            "open": any(each.state == "open" for each, _, _ in findings),
        }  # fmt: skip


def faults_of(answers: dict[str, Any]) -> list[str]:
    """What was wrong in a check, with the keeper's or the officer's own words."""
    wrong = [each for each in answers.values() if each["result"] == "fault"]
    return [f"{each['text']}：{mask_text(each['note'])}" for each in wrong]


class PlaceTabs(Part):
    """What a small place shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (ChecksPanel(),)

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        if row.removed_at is not None:
            return ()
        made = [Action("门牌码", reverse("place-plate", args=[row.pk]))]
        if by.may("small_places.edit"):
            made += [
                Action("发放自查码", reverse("place-keeper-code", args=[row.pk]), opens="dialog"),
                Action("登记检查", reverse("place-check", args=[row.pk]), icon="checklist"),
            ]
        return made
