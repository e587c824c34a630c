"""The page of a row that two people stand behind (须审批的详情)."""

from __future__ import annotations

from typing import Any

from hezhi.chapters.grassroots.party.models.base import OPEN_TO_EDIT
from hezhi.engines.registry.pages.detail import DetailPage
from hezhi.ground.ui.shapes import Action


class ReviewedDetail(DetailPage):
    """Buttons that an approved row would refuse are not offered: it is neither deleted nor merged."""

    def actions(self, row: Any) -> list[Action]:
        drawn = super().actions(row)
        shut = {self.registry.url(row.pk, "merge"), self.registry.url(row.pk, "remove")}
        return drawn if row.state in OPEN_TO_EDIT else [each for each in drawn if each.url not in shut]


class SteppedDetail(DetailPage):
    """The page of what goes on by steps: buttons that the row would refuse are not offered."""

    def actions(self, row: Any) -> list[Action]:
        state = getattr(row, "state", "")
        shut = {self.registry.url(row.pk, "remove")} if state in ("claimed", "done", "rated") else set()
        shut |= {self.registry.url(row.pk, "edit")} if state in ("done", "rated", "stopped") else set()
        return [each for each in super().actions(row) if each.url not in shut]
