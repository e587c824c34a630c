"""Relations (关系): tabs with the rows of other registries that point here, and named, dated ties.

A tie between two persons is only one that was entered for care, with source, date and purpose (P3): the
declaration names its kind and what it is for, or the start refuses it. Nothing is inferred or proposed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.http import HttpRequest

from hezhi.engines.dossier.models import Tie
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import addresses, site
from hezhi.engines.registry.parts import Panel, Part, fault_list
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.ui.fields import Lookup

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

SHOWN = 50
KEY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)


@dataclass(frozen=True)
class Pointing:
    """Rows of another registry whose foreign key points here (关联台账): its slug, the key's field, the tab's name."""

    registry: str
    field: str
    title: str = ""


@dataclass(frozen=True)
class TieKind:
    """A kind of tie (关系种类): `name` is what the other is to this row, `back` what this row is to the other.

    `to` is the other's registry. Between persons `for_care` must say what the tie is entered for.
    """

    code: str
    name: str
    to: str
    back: str = ""
    for_care: str = ""


class Relations(Part):
    """Tabs with what points here, and named dated ties (关系).

    `lists` are `Pointing`s, each a tab with an add button; `ties` are `TieKind`s, shown on both rows when
    both registries have this part.
    """

    def __init__(self, lists: Sequence[Pointing] = (), ties: Sequence[TieKind] = ()) -> None:
        self.lists, self.ties = tuple(lists), tuple(ties)

    def problems(self, registry: Registry) -> Sequence[str]:
        known = {each.slug: each for each in site.registries()}
        said = [f"names the registry {slug!r}, which there is none." for slug in self._named() if slug not in known]
        for kind in self.ties:
            if registry.of_persons and kind.to in known and known[kind.to].of_persons and not kind.for_care:
                said.append(
                    f"ties persons by {kind.code!r} without saying what for: only ties entered for care are allowed "
                    "(人与人的关系只限为帮扶登记，须写明 for_care)."
                )
        return said

    def panels(self, registry: Registry) -> Sequence[Panel]:
        tabs: list[Panel] = [PointingPanel(each) for each in self.lists if self._is_there(each.registry)]
        return [*tabs, TiesPanel(self)] if self.ties or kinds_towards(registry) else tabs

    def _named(self) -> list[str]:
        return [*(each.registry for each in self.lists), *(kind.to for kind in self.ties)]

    @staticmethod
    def _is_there(slug: str) -> bool:
        return any(each.slug == slug for each in site.registries())


class PointingPanel(Panel):
    """The rows of another registry that point to this one, as far as the reader sees them (关联台账)."""

    template = "dossier/pointing.html"

    def __init__(self, told: Pointing) -> None:
        self.told, self.other = told, site.get(told.registry)
        self.code, self.title = f"rel-{told.registry}", told.title or self.other.title

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        other = self.other
        if not other.offers_to(by, "view"):
            return {"refused": f"您当前的岗位不能查看{other.title}。"}
        left_out = {self.told.field, *other.hidden_from(by)}  # what all these rows share tells nothing
        columns = [c for name, c in other.told_columns.items() if name in other.list and name not in left_out]
        rows = other.with_columns(other.present(other.visible(by)), columns).filter(**{self.told.field: row.pk})
        found = list(rows.order_by(*other.order)[: SHOWN + 1])
        add = addresses.with_query(other.url("new"), f"{self.told.field}={row.pk}")
        return {
            "columns": [c.label for c in columns],
            "rows": [(other.url_of(each), [c.text(each) for c in columns]) for each in found[:SHOWN]],
            "more_url": addresses.with_query(other.url(), f"{self.told.field}={row.pk}") if len(found) > SHOWN else "",
            "add_url": add if other.offers_to(by, "add") else "",
            "add_name": f"登记{other.noun}",
            "other": other,
        }


class TieForm(forms.Form):
    """One tie as it is entered (登记关系)."""

    kind = forms.ChoiceField(label="关系")
    other = forms.CharField(label="对方", max_length=200, help_text="填名称或编号，或粘贴对方页面的网址。")
    since = forms.DateField(label="起始日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    source = forms.CharField(label="来源", max_length=100, help_text="由谁提供、依据什么材料。")

    def __init__(self, kinds: Sequence[TieKind], data: Any = None) -> None:
        super().__init__(data, initial={"since": time.today()})
        self.fields["kind"].choices = [(kind.code, kind.name) for kind in kinds]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.error_messages["required"] = f"请填写{field.label}。"


class TiesPanel(Panel):
    """The named ties of a row, those that others entered towards it included (关系)."""

    code, title, template = "ties", "关系", "dossier/ties.html"

    def __init__(self, part: Relations) -> None:
        self.part = part

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        may = registry.offers_to(by, "edit") and bool(self.part.ties)
        posted = request.POST if request.method == "POST" and "end" not in request.POST else None
        return {
            "ties": list(_told(registry, self.part, row, by)), "may_change": may, "today": time.today(),
            "tie_form": TieForm(self.part.ties, posted) if may else None,
        }  # fmt: skip

    def receive(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> str | None:
        by.must(registry.permission("edit"))
        if "end" in request.POST:
            end_tie(registry, row, request.POST["end"], by=by)
            return "关系已终止，记录保留。"
        form = TieForm(self.part.ties, request.POST)
        if not form.is_valid():
            raise BadInput(fault_list(form))
        told = form.cleaned_data
        tie(registry, row, told["kind"], told["other"], by=by, since=told["since"], source=told["source"])
        return "关系已登记。"


def kinds_towards(registry: Registry) -> dict[tuple[str, str], tuple[Registry, TieKind]]:
    """The kinds of tie that other registries have towards this one, by their model and code."""
    found = {}
    for other in site.registries():
        for part in other.parts:
            for kind in part.ties if isinstance(part, Relations) else ():
                if kind.to == registry.slug:
                    found[other.label, kind.code] = (other, kind)
    return found  # type: ignore[return-value]


def tie(registry: Registry, row: Model, code: str, other: str, *, by: Actor, since: Any, source: str) -> Tie:
    """Enter a tie from this row to another (登记关系). Raises BadInput when the other is not found or is itself."""
    kind = kind_of(registry, code)
    there = find(site.get(kind.to), other, by)
    if there.pk == row.pk:
        raise BadInput({"other": "不能与自己登记关系。"})
    if since > time.today():
        raise BadInput({"since": "起始日期不能晚于今天。"})
    told = {"other_type": there._meta.label_lower, "other_id": there.pk, "since": since, "source": source}
    with acting(by, verb=f"{registry.label}.tie") as deed:
        made: Tie = Tie.on(row, by, kind=code, purpose=kind.for_care, **told)
        try:
            with transaction.atomic():
                made.save()
        except IntegrityError:
            raise NotNow(what="这个关系已经登记过了。", code="dossier.tied") from None
        deed.on(row)
        deed.on(there)
    return made


def end_tie(registry: Registry, row: Model, id: str, *, by: Actor) -> None:
    """End a tie today (终止关系); it stays as history."""
    made = next((each for each in Tie.of(row).filter(until__isnull=True) if str(each.pk) == id), None)
    if made is None:
        raise NotFound(what="没有找到这个关系。")
    with acting(by, verb=f"{registry.label}.untie") as deed:
        made.until = time.today()
        made.save(update_fields=["until"])
        deed.on(row)


def kind_of(registry: Registry, code: str) -> TieKind:
    """A registry's kind of tie by its code."""
    for part in registry.parts:
        for kind in part.ties if isinstance(part, Relations) else ():
            if kind.code == code:
                return kind  # type: ignore[no-any-return]
    raise NotFound(what="没有这种关系。")


def find(registry: Registry, typed: str, by: Actor) -> Any:
    """The row meant by a pasted address, a number or a name, among those the person may see."""
    rows = registry.present(registry.visible(by))
    key = KEY.search(typed)
    lookup = Lookup(rows)
    # A masked name is no way to find a person out: by number or address only.
    lookup.words = [word for word in lookup.words if word not in registry.mask_kinds]
    try:
        return lookup.find(key.group().lower() if key else typed.strip())
    except forms.ValidationError:
        said = f"没有找到“{typed}”这条{registry.noun}。" if not key else f"没有找到这条{registry.noun}。"
        raise BadInput({"other": f"{said}请填完整的名称或编号，有重名时请粘贴网址。"}) from None


def _told(registry: Registry, part: Relations, row: Model, by: Actor) -> Any:
    """The ties as (tie, relation, name, address, mine), only towards rows this reader may see."""
    own = {(registry.label, kind.code): (site.get(kind.to), kind.name) for kind in part.ties}
    back = {key: (other, kind.back or kind.name) for key, (other, kind) in kinds_towards(registry).items()}
    pairs = [(each, own.get((registry.label, each.kind)), each.other_id, True) for each in Tie.of(row)]
    towards = Tie.objects.filter(other_id=row.pk, other_type=registry.label)
    pairs += [(each, back.get((each.object_type, each.kind)), each.object_id, False) for each in towards]
    seen: dict[str, dict[UUID, Any]] = {}
    for other in {told[0].slug: told[0] for _, told, _, _ in pairs if told}.values():
        if other.offers_to(by, "view"):
            ids = [id_ for _, told, id_, _ in pairs if told and told[0].slug == other.slug]
            seen[other.slug] = {each.pk: each for each in other.visible(by).filter(pk__in=ids)}
    for each, told, id_, mine in sorted(pairs, key=lambda pair: pair[0].since, reverse=True):
        there = seen.get(told[0].slug, {}).get(id_) if told else None
        if told and there is not None:
            yield each, told[1], told[0].row_name(there), told[0].url_of(there), mine
