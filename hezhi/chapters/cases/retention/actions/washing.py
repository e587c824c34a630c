"""Washing the words of a case (抹去文字): every field, every version, everything beside it, with one rule for each text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models

from hezhi.chapters.cases.handling.api import Case, forget_words
from hezhi.chapters.cases.handling.models import CallBack, Rating, Step
from hezhi.engines.flow.models import Approval, Deadline, ToDo, WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.erasure import anonymise
from hezhi.engines.records.models import Comment

CASE_TEXTS = ("title", "text", "reply", "close_reason")
ORDER_TEXTS = ("reply", "public_reply", "request", "end_reason")
REQUEST_TEXTS = ("title", "reason", "opinion")


@dataclass(frozen=True)
class Wash:
    """How words are washed (抹去规则): `text` gives what may stay of a text; the same again changes nothing more."""

    text: Callable[[str], str]
    by: Actor
    reason: str
    reasons: bool = False
    """Whether the reasons beside the versions go as well."""

    def whole(self, case: Case) -> None:
        """The case with its orders, requests, limits, to-dos, steps, call-backs and ratings."""
        self.row(case, CASE_TEXTS)
        forget_words(case.pk)
        self.fields(case, "answers")
        orders: list[models.Model] = list(WorkOrder.objects.filter(matter_id=case.pk))
        requests: list[models.Model] = list(Approval.objects.filter(object_id=case.pk))
        for row in orders:
            self.row(row, ORDER_TEXTS)
            self.fields(row, "result")
        for row in requests:
            self.row(row, REQUEST_TEXTS)
        self._limits([case.pk, *(row.pk for row in orders)])
        self._to_dos([case.pk, *(row.pk for row in [*orders, *requests])])
        self._beside(case)

    def row(self, row: models.Model, fields: tuple[str, ...]) -> None:
        """Blank the named fields and all their versions, and write the washed words anew; untouched where nothing is found.

        The versions are looked at too: a name that an officer has taken out since must not stay in history.
        """
        fresh = {field: self.text(getattr(row, field)) for field in fields}
        versions = _versions(row)
        dirty = [
            field for field in fields
            if fresh[field] != getattr(row, field)
            or any(self.text(text) != text for text in versions.values_list(field, flat=True).distinct())
        ]  # fmt: skip
        if not dirty:
            return
        anonymise(row, dirty, by=self.by, reason=self.reason, reasons=self.reasons)
        kept = [field for field in dirty if fresh[field]]
        for field in kept:
            setattr(row, field, fresh[field])
        if kept:
            row.save(update_fields=kept)

    def fields(self, row: models.Model, name: str) -> None:
        """What was filled in (补充询问、办理结果) is somebody's own words too: no version keeps them as they were."""
        told = getattr(row, name)
        if not told:
            return
        fresh = self.told(told)
        if fresh == told and not any(self.told(each) != each for each in _versions(row).values_list(name, flat=True)):
            return
        anonymise(row, (name,), by=self.by, reason=self.reason, reasons=self.reasons)
        setattr(row, name, fresh)
        row.save(update_fields=[name])

    def told(self, told: dict[str, Any]) -> dict[str, Any]:
        """The same for what was filled in, question by question."""
        return {key: self.text(value) if isinstance(value, str) else value for key, value in told.items()}

    def _limits(self, ids: list[UUID]) -> None:
        """The reasons of pauses and extensions (暂停和延期的事由); the times stay, they explain the limit."""
        for limit in Deadline.objects.filter(object_id__in=ids):
            pauses = [[start, end, self.text(reason or "")] for start, end, reason in limit.pauses]
            extensions = [[n, unit, self.text(reason or ""), at] for n, unit, reason, at in limit.extensions]
            if (pauses, extensions) != (limit.pauses, limit.extensions):
                Deadline.objects.filter(pk=limit.pk).update(pauses=pauses, extensions=extensions)

    def _to_dos(self, ids: list[UUID]) -> None:
        for todo in ToDo.objects.filter(object_id__in=ids):
            if self.text(todo.title) != todo.title:
                ToDo.objects.filter(pk=todo.pk).update(title=self.text(todo.title))

    def _beside(self, case: Case) -> None:
        """The same in what has no history: steps with what was filled in, remarks, call-backs, ratings."""
        for step in Step.objects.filter(case=case).exclude(fields={}):
            fresh_fields = self.told(step.fields)
            if fresh_fields != step.fields:
                Step.objects.filter(pk=step.pk).update(fields=fresh_fields)
        for remark in Comment.objects.filter(object_id=case.pk):
            if self.text(remark.text) != remark.text:
                Comment.objects.filter(pk=remark.pk).update(text=self.text(remark.text))
        for model, fields in ((Step, ("text", "public_text")), (CallBack, ("reason", "note")), (Rating, ("text",))):
            for row in model._default_manager.filter(case=case):
                fresh = {field: self.text(getattr(row, field)) for field in fields}
                changed = [field for field in fields if fresh[field] != getattr(row, field)]
                if changed:
                    model._default_manager.filter(pk=row.pk).update(**{field: fresh[field] for field in changed})


def _versions(row: models.Model) -> Any:
    event = getattr(type(row), "versions", None)
    if event is None:
        return type(row)._default_manager.none()
    return event.rel.related_model.objects.filter(pgh_obj_id=row.pk)
