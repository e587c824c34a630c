"""What small places and members of groups show beside their own values (检查、服务时长)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.queries import name_of_code
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Panel, Part
from hezhi.ground import time
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Action


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


class ServicePanel(Panel):
    """The hours of a member, for his own card (服务时长)."""

    code, title, template = "service", "服务时长", "registers/tab_service.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        hours, lines = queries.service_of(row.pk)
        return {"hours": hours, "service": lines}


class MemberTabs(Part):
    """What a member shows beside his own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (ServicePanel(),)
