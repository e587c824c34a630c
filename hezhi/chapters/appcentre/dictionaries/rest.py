"""The machine interface of the calendar (日历接口): a change moves the open limits at once, as the page does after its look."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from rest_framework.request import Request

from hezhi.engines.flow import calendar_change
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.registry.interface import RegistryRest


def move_limits(by: Actor, reason: str) -> int:
    """Move the open limits to the calendar just written, with the reason in the log of each; within the caller's verb."""
    with acting(by, verb="flow.move_limits", reason=reason) as deed:
        moved = calendar_change.move(by, reason)
        deed.detail["moved"] = moved
    return moved


class CalendarRest(RegistryRest):
    """Days and hours: what is written and the limits that follow are one transaction."""

    def create(self, request: Request) -> HttpResponse:
        with transaction.atomic():
            return self._moved(super().create(request), request)

    def partial_update(self, request: Request, id: UUID) -> HttpResponse:
        with transaction.atomic():
            return self._moved(super().partial_update(request, id), request)

    def _moved(self, response: HttpResponse, request: Request) -> HttpResponse:
        move_limits(self.by, _basis(request.data, f"经接口修改{self.registry.title}"))
        return response


def _basis(body: Any, otherwise: str) -> str:
    """The basis that was sent with a day (依据), else how the change came."""
    return str(body.get("source") or "").strip()[:200] or otherwise
