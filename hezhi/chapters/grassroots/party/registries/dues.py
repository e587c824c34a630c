"""Dues as a registry (党费台账): 9.1.3-3-1. Kept and read by the branch; the levels above read sums on the board."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date

from hezhi.chapters.grassroots.party import actions, queries, rules
from hezhi.chapters.grassroots.party.actions.dues import Paid, begin
from hezhi.chapters.grassroots.party.models import DuesSheet
from hezhi.chapters.grassroots.party.pages.reviewed import SteppedDetail
from hezhi.chapters.grassroots.party.registries.common import GROUP, refuse, rights, settle_at
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.site import register
from hezhi.ground import time


class EntriesPanel(Panel):
    """What each member owes and has paid (党员交纳情况), in the order of their numbers, for the branch alone."""

    code, title, template = "entries", "党员交纳", "party/tab_dues.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        known = {each.member_id: each for each in row.entries.select_related("member__resident")}
        people = {each.pk: each for each in row.organisation.members.filter(removed_at__isnull=True).select_related("resident")}  # fmt: skip
        people |= {key: each.member for key, each in known.items()}
        shown = sorted(people.values(), key=lambda each: each.number)
        queries.names_were_read(shown, by)
        post = request.POST
        lines = []
        for each in shown:
            entry = known.get(each.pk)
            typed = [post.get(f"{name}-{each.pk}") for name in ("due", "paid", "paid_on")]
            kept = [entry.due, entry.paid, str(entry.paid_on or "")] if entry else ["", "", ""]
            due, paid, paid_on = (kept[n] if said is None else said for n, said in enumerate(typed))
            lines.append((each, queries.name_of(each.resident, by), due, paid, paid_on))
        return {
            "lines": lines, "sheet": row, "late": max(row.due - row.paid, 0),
            "may_change": by.may("party_dues.edit") and not row.removed_at,
        }  # fmt: skip

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        told = {}
        for name, said in request.POST.items():
            field, _, key = name.partition("-")
            if field == "due":
                day = parse_date(request.POST.get(f"paid_on-{key}", "") or "")
                told[UUID(key)] = Paid(str(said), request.POST.get(f"paid-{key}", ""), day)
        actions.record_dues(row, by=by, told=told)
        return "党费登记已保存。"


class DuesTabs(Part):
    """What a month's sheet shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (EntriesPanel(),)


@register
class Dues(Registry):
    """Dues of the reader's own organisations by month; no sheet, no export, no machine interface."""

    model = DuesSheet
    slug, title, group, icon = "party-dues", "党费", GROUP, "clipboard-list"
    clause = "9.1.3-3-1"
    right = rights("party_dues", "view", "edit", "delete")
    offers = ("view", "add", "edit", "delete")
    list = ("title", "organisation", "standing", "due", "paid", "handed_up", "handed_up_on")
    also = ("note", "community", "changed_at")
    filters = ("organisation", "month")
    more_filters = {
        "behind": YesNoFilter(label="未交清", condition=lambda: Q(open_entries__gt=0)),
        "kept_here": YesNoFilter(label="已收未上缴", condition=lambda: Q(paid__gt=0, handed_up__isnull=True)),
    }
    search = ("organisation__name",)
    search_hint = "党组织名称"
    sortable = ("organisation", "handed_up_on")
    ordering = ("-month", "organisation__code")
    form = (("月度台账", ("organisation", "month", "note")), ("上缴", ("handed_up", "handed_up_on")))
    about = "每个党员的应交、已交只在本支部登记和查看；上级在党建看板只看合计。不排名、不导出。"
    pages = {"detail": SteppedDetail}
    parts = (DuesTabs(),)
    mergeable = False

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        return queries.not_ended(actor) if name == "organisation" else None

    @column("缴纳情况", reads=("due", "open_entries", "month"))
    def standing(self, row: DuesSheet) -> str:
        """Not yet set, paid in full, not yet, late."""
        return rules.dues_state(row.due, row.open_entries, row.month, time.today())

    def tone_of(self, row: DuesSheet) -> str:
        """A month that is over and not paid is marked."""
        return "over" if self.standing(row).startswith("逾期") else ""

    def place(self, row: DuesSheet, by: Actor) -> None:
        settle_at(row, row.organisation)

    def prepare(self, row: DuesSheet, by: Actor) -> None:
        row.month = rules.month_of(row.month)
        row.title = rules.month_name(row.month)

    def check(self, row: DuesSheet, by: Actor) -> None:
        """A month that has begun, of an organisation on the books; handed up is not more than was paid."""
        today, taken = time.today(), False
        if not row.removed_at:
            same = DuesSheet.objects.filter(organisation=row.organisation, month=row.month, removed_at__isnull=True)
            taken = same.exclude(pk=row.pk).exists()
        refuse(
            {
                "month": "这个党组织本月的台账已经建立" if taken
                else "月份不能晚于本月" if row.month > today else None,
                "handed_up_on": "上缴金额和上缴日期要一起填写" if (row.handed_up is None) != (row.handed_up_on is None)
                else "上缴日期不能晚于今天" if row.handed_up_on and row.handed_up_on > today else None,
                "handed_up": "上缴金额应大于 0" if row.handed_up is not None and row.handed_up <= 0
                else f"上缴金额不能多于已交的 {row.paid} 元" if (row.handed_up or 0) > row.paid else None,
            }
        )  # fmt: skip

    def after(self, verb: str, row: Any, by: Actor) -> None:
        if verb in ("create", "change"):
            begin(row)

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "title": "样例", "month": date(1900 + n // 12 % 126, n % 12 + 1, 1), "handed_up": None, "handed_up_on": None, "due": 0, "paid": 0,
            "open_entries": 0,
        }  # fmt: skip
