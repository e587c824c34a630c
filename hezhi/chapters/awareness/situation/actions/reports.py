"""Making reports (生成态势报告): by hand or by the clock; each unit gets what it may see itself."""

from __future__ import annotations

from uuid import UUID

from hezhi.chapters.awareness.situation import queries, rules
from hezhi.chapters.awareness.situation.models import Model, Report, Template
from hezhi.engines.org.api import Actor, Holding, Unit, actor_of
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound

VIEW, EDIT = "situation.view", "situation.edit"


@clause("9.1.4-2-1")
@verb("situation.run")
def run(template_id: UUID, *, by: Actor) -> tuple[list[Report], list[str]]:
    """Make the reports of a template now (立即生成): one for each receiving unit, and for one's own without receivers.

    Gives the new reports and the names of units in which nobody may read them: they get nothing.
    """
    by.must(EDIT)
    rows = Template.objects.select_for_update(of=("self",)).select_related("category")
    template = rows.filter(pk=template_id, active=True).first()
    if template is None:
        raise NotFound("没有找到这个模板。", "可能已停用。", "请回到模板列表。", code="situation.no_template")
    return make(template, by, template.receivers or ([by.unit_id] if by.unit_id else []))


def make(template: Template, by: Actor, units: list[UUID]) -> tuple[list[Report], list[str]]:
    """One report for each unit that has none of this day yet; a message with a link, no figures in it."""
    made, left_out = [], []
    for unit in Unit.objects.filter(pk__in=units, valid_to__isnull=True).select_related("area").order_by("code"):
        reader = reader_in(unit)
        if reader is None:
            left_out.append(unit.name)
        elif (report := _one(template, unit, reader)) is not None:
            made.append(report)
            reach.tell(
                by, event="situation.report", to_unit=unit.pk, permission=VIEW, about=("situation.report", report.pk),
                values={"title": report.title}, link=f"/situation/reports/{report.pk}/",
            )  # fmt: skip
    return made, left_out


def reader_in(unit: Unit) -> Actor | None:
    """Somebody of the unit who may see the situation: a report shows what he sees, and no more (随接收人权限)."""
    rows = Holding.objects.filter(post__unit=unit, valid_to__isnull=True).select_related("user", "post__role")
    for holding in rows.order_by("post__title", "valid_from"):
        if VIEW in holding.post.role.permissions:
            actor = actor_of(holding.user, holding.post_id)
            if actor.may(VIEW) and actor.unit_id == unit.pk:
                return actor
    return None


def _one(template: Template, unit: Unit, reader: Actor) -> Report | None:
    asked = queries.asked_of(template, time.today())
    if Report.objects.filter(template=template, unit=unit, last=asked.period.last).exists():
        return None
    found = queries.picture(reader, asked)
    return Report.objects.create(
        template=template, title=f"{template.name}（{asked.period.first:%m-%d} 至 {asked.period.last:%m-%d}）", made_at=time.now(),
        first=asked.period.first, last=asked.period.last, total=found.total.now, content=queries.content_of(found),
        events=[row.event_id for row in queries.hot_events(reader, asked)], unit=unit,
    )  # fmt: skip


@clause("9.1.4-2-1", "9.1.4-2-2")
@verb("situation.set_receivers")
def set_receivers(row: Template | Model, *, by: Actor, unit_ids: list[UUID]) -> Template | Model:
    """Say which units get the reports of a template or hear of a model (接收单位)."""
    by.must(EDIT)
    found = list(Unit.objects.filter(pk__in=unit_ids, valid_to__isnull=True).values_list("pk", flat=True))
    if len(found) != len(set(unit_ids)):
        raise BadInput({"units": "所选单位不存在或已停用。"}, meaning="没有改动。")
    row.receivers = found
    row.save(update_fields=["receivers"])
    return row


@clause("9.1.4-2-1")
def run_due(by: Actor) -> int:
    """Make what is due today; each template in a verb of its own, twice makes nothing twice. Gives how many reports."""
    done = 0
    for template in queries.due_templates(time.today()):
        with acting(by, verb="situation.run_due") as deed:
            row = Template.objects.select_for_update().get(pk=template.pk)
            if row.next_on is None or row.next_on > time.today():
                continue
            made, left_out = make(row, by, row.receivers)
            row.next_on = rules.next_day(row.schedule, time.today())
            row.save(update_fields=["next_on"])
            deed.on(row)
            deed.detail |= {"reports": len(made), "nobody_reads": left_out}
            done += len(made)
    return done
