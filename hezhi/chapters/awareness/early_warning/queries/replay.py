"""What a model would have done (试运行): the last year once more, day by day, with what was known on each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hezhi.chapters.awareness.early_warning import rules
from hezhi.chapters.awareness.early_warning.models import WarningModel
from hezhi.chapters.awareness.early_warning.queries.field import Field, read_field
from hezhi.ground import time

YEAR = 365


@dataclass(frozen=True)
class WouldWarn:
    """One warning that would have been raised: which event, when, and whether it was right."""

    event: UUID
    at: datetime
    members: int
    level: int
    right: bool | None
    """None while the week after it is not over."""


@dataclass(frozen=True)
class DryRun:
    """What came out of a dry run (试运行结果)."""

    since: datetime
    warnings: tuple[WouldWarn, ...]
    missed: int
    """Events that many people reported and that would not have been warned of."""

    @property
    def told(self) -> list[WouldWarn]:
        return [each for each in self.warnings if each.right is not None]

    @property
    def right(self) -> int:
        return sum(1 for each in self.told if each.right)

    def sentence(self) -> str:
        """«would have warned 14 times, 11 were right»."""
        span = f"{time.show_day(time.local(self.since).date())}以来"
        if not self.warnings:
            return f"{span}一次也不会预警；有 {self.missed} 个多人反映的事件不会被预警到。"
        open_ = len(self.warnings) - len(self.told)
        later = f"，{open_} 次尚不满 7 天" if open_ else ""
        return (
            f"{span}会预警 {len(self.warnings)} 次，其中 {self.right} 次报对了（之后 7 天内又有 {rules.GROWS_BY} 人以上反映）"
            f"{later}；另有 {self.missed} 个多人反映的事件不会被预警到。"
        )


def condition_of(model: WarningModel) -> rules.Condition:
    """A model's condition as a value."""
    return rules.Condition(
        level=model.level, reporters=model.reporters, heat=model.heat, ratio=model.ratio,
        beyond_chance=model.beyond_chance, days=model.days, category=model.category.path if model.category else "",
        area=str(model.area_id) if model.area_id else "", words=tuple(model.words.split()), urgent=model.urgent,
        unresolved_hours=model.unresolved_hours,
    )  # fmt: skip


def dry_run(model: WarningModel, now: datetime | None = None, days: int = YEAR) -> DryRun:
    """Play the last year day by day; each day knows nothing of the next. The rows are not touched."""
    moment = now or time.now()
    field = read_field(moment, days=days)
    condition = condition_of(model)
    quiet = timedelta(hours=model.quiet_hours)
    found: list[WouldWarn] = []
    last: dict[UUID, datetime] = {}
    since = max(moment - timedelta(days=days), field.since or moment)
    active = _active_days(field, since, moment, model.days)
    for at in sorted(active):
        for event, (burst, beyond) in field.bursts(active[at], at, model.days).items():
            if event in last and at - last[event] < quiet:
                continue
            if rules.fires(condition, field.facts(event, at, burst, beyond), at) is None:
                continue
            last[event] = at
            reports = field.reports(event, moment)
            right = rules.judged_right(reports, at)
            found.append(
                WouldWarn(
                    event, at, len(field.reports(event, at)), rules.level_shown(model.level, beyond),
                    right if right or moment - at >= rules.WEEK else None,
                )
            )  # fmt: skip
    many = {e for e, members in field.events.items() if len({m.reporter for m in members}) >= 2 + rules.GROWS_BY}
    return DryRun(since, tuple(found), len(many - set(last)))


def _active_days(field: Field, since: datetime, now: datetime, window: int) -> dict[datetime, list[UUID]]:
    """The end of each day on which an event had a message within the window, with those events."""
    found: dict[datetime, set[UUID]] = {}
    for event, members in field.events.items():
        for member in members:
            for n in range(window):
                end = _end_of(member.at + timedelta(days=n))
                if since <= end and end - timedelta(days=1) <= now:
                    found.setdefault(min(end, now), set()).add(event)
    return {at: sorted(events) for at, events in found.items()}


def _end_of(moment: datetime) -> datetime:
    return time.at_local(time.local(moment).date() + timedelta(days=1)) - timedelta(seconds=1)
