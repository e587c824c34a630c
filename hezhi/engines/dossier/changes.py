"""Change requests (变更申请): a field that a higher level owns is changed by asking, and decided by that level.

    parts = (ChangeRequests(owned={"code": "district", "name": "town"}),)

Who stands lower and changes such a field asks: the whole change is put aside, sealed, with its differences.
Someone else of the owning level or above approves it, and it is written in the same transaction, or returns it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q
from django.http import HttpRequest
from django.utils.html import format_html

from hezhi.engines.dossier.models import ChangeRequest
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import actions
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.forms import make_form
from hezhi.engines.registry.parts import Gate, Panel, Part
from hezhi.engines.registry.versions import version_of
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.events import announce
from hezhi.ground.masks import mask
from hezhi.ground.ui.fields import as_typed
from hezhi.ground.words import in_words

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

State = ChangeRequest.State
LEVELS = {"district": "区级", "town": "镇街", "community": "社区", "grid": "网格"}
ORDER = tuple(LEVELS)
OF_UNIT = {"centre": "district", "department": "district", "town": "town", "community": "community", "grid": "grid"}
"""The level at which a unit of a kind decides; an outside unit decides nothing."""


class ChangeRequests(Part):
    """Fields owned by a higher level are changed by request (变更申请).

    `owned` maps a field of the form to the level that owns it: district, town, community. Tab 变更申请, filter
    `change_waiting`; `registry.change_asked` and `registry.change_decided` are announced.
    """

    def __init__(self, owned: Mapping[str, str]) -> None:
        self.owned = dict(owned)

    def problems(self, registry: Registry) -> Sequence[str]:
        said = [f"owns {name!r}, which is not in the form." for name in self.owned if name not in registry.form_fields]
        return said + [f"knows no level {level!r}." for level in self.owned.values() if level not in LEVELS]

    def change_gate(self, registry: Registry, row: Any, changes: Mapping[str, Any], by: Actor) -> Gate | None:
        owners = [self.owned[name] for name in changes if name in self.owned]
        level = min(owners, key=ORDER.index, default="")
        if not level or reaches(by, level):
            return None
        if ChangeRequest.of(row).filter(state=State.WAITING).exists():
            return Gate("closed", "这条记录已有一份变更申请在等待审核，请等审核结果，或先撤回前一份。")
        ask(registry, row, changes, level, by=by)
        names = "、".join(f"“{registry.fields()[name].label}”" for name in changes if name in self.owned)
        return Gate("asked", f"{names}由{LEVELS[level]}管理。已提交变更申请，同意后生效。")

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (ChangesPanel(),)

    def notices(self, registry: Registry, row: Model, by: Actor) -> Sequence[str]:
        waiting = ChangeRequest.of(row).filter(state=State.WAITING).first()
        if waiting is None:
            return ()
        said = '<p>{}提出的变更申请正在等待{}审核。<a href="?tab=changes">查看</a></p>'
        return (format_html(said, waiting.by_name, LEVELS[waiting.level]),)

    def filters(self, registry: Registry) -> Mapping[str, Any]:
        return {"change_waiting": YesNoFilter(label="有待审变更", condition=waiting)}


def waiting() -> Q:
    """Rows with a change request that nobody has decided (有待审变更)."""
    return Q(Exists(ChangeRequest.objects.filter(object_id=OuterRef("pk"), state=State.WAITING)))


def level_of(by: Actor) -> str:
    """The level at which a person decides (所在层级); «» when he decides nowhere."""
    kind = by.unit_kind or (Unit.objects.filter(pk__in=[by.unit_id]).values_list("kind", flat=True).first() or "")
    return "district" if by.kind == "system" else OF_UNIT.get(str(kind), "")


def reaches(by: Actor, level: str) -> bool:
    """Whether a person stands at a level or above it."""
    own = level_of(by)
    return bool(own) and ORDER.index(own) <= ORDER.index(level)


class ChangesPanel(Panel):
    """The requests on a row with their differences, and the decision (变更申请)."""

    code, title, template = "changes", "变更申请", "dossier/changes.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        told = []
        for each in ChangeRequest.of(row).order_by("-at")[:50]:
            names = "、".join(str(registry.column(n).label) for n in each.fields if n in registry.form_fields)
            open_ = each.state == State.WAITING
            told.append({
                "request": each, "names": names, "level": LEVELS[each.level], "lines": differences(registry, row, each, by) if open_ else (),
                "decides": open_ and decides(registry, each, by), "withdraws": open_ and each.by_id == by.user_id,
            })  # fmt: skip
        return {"change_requests": told}

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        verb, opinion = request.POST.get("verb", ""), request.POST.get("opinion", "").strip()[:200]
        each = next((one for one in ChangeRequest.of(row) if str(one.pk) == request.POST.get("request")), None)
        if each is None:
            raise NotFound(what="没有找到这份变更申请。")
        if verb == "approve":
            approve(registry, row, each, by=by, opinion=opinion)
            return "已同意，变更已写入。"
        if verb == "return":
            send_back(registry, each, by=by, opinion=opinion)
            return "已退回，申请人会看到意见。"
        if verb == "withdraw":
            withdraw(registry, each, by=by)
            return "申请已撤回。"
        return None


def decides(registry: Registry, each: ChangeRequest, by: Actor) -> bool:
    """Whether this person may decide: of the owning level or above, with the right to edit, never his own."""
    return registry.offers_to(by, "edit") and reaches(by, each.level) and each.by_id != by.user_id


def differences(registry: Registry, row: Any, each: ChangeRequest, by: Actor) -> list[tuple[str, str, str]]:
    """What the request would change, now: field, value before, value after, as the reader may see them."""
    data = json.loads(each.proposal)
    form = make_form(registry, by, data, instance=row, only=data)
    form.is_valid()
    lines, hidden = [], registry.hidden_from(by)
    for name, (before, after) in form.changes.items():
        kind = registry.mask_kinds.get(name)
        old, new = (mask(kind, in_words(v)) if kind else in_words(v) for v in (before, after))
        if name not in hidden:
            lines.append(
                (str(form.fields[name].label), _label(form, name, before, old), _label(form, name, after, new))
            )
    row.refresh_from_db()  # the form has written the proposal into the row it was given
    return lines


def _label(form: Any, name: str, value: Any, words: str) -> str:
    choices = dict(getattr(form.fields[name], "codes", None) or {})
    return choices.get(str(value), words) or "（空）"


# -- the verbs -------------------------------------------------------------------------------------


def ask(registry: Registry, row: Any, changes: Mapping[str, Any], level: str, *, by: Actor) -> ChangeRequest:
    """Put a change aside as a request (提交变更申请), sealed; inside the transaction that was to write it."""
    fields = registry.fields()
    data = {name: as_typed(fields[name], getattr(value, "pk", value)) for name, value in changes.items()}
    now = registry.visible(by).get(pk=row.pk)  # the row in hand carries the proposal already
    with acting(by, verb=f"{registry.label}.ask_change") as deed:
        made: ChangeRequest = ChangeRequest.on(
            now, by, registry=registry.slug, title=registry.row_name(now)[:200], level=level, unit_id=by.unit_id,
            fields=sorted(data), proposal=json.dumps(data, ensure_ascii=False), seen=version_of(now),
        )  # fmt: skip
        made.save()
        deed.on(now)
        deed.detail = {"fields": sorted(data)}
        announce("registry.change_asked", registry=registry, row=now, request=made, by=by)
    return made


def approve(registry: Registry, row: Any, each: ChangeRequest, *, by: Actor, opinion: str = "") -> None:
    """Approve a request and write its change, in one transaction (同意变更).

    Raises NotNow when the row was changed after the request, FormRefused when the change can no longer be.
    """
    if not decides(registry, each, by):
        raise NotAllowed(what="这份变更申请不由您审核。", meaning="由主管层级审核，本人不能审核自己的申请。")
    with transaction.atomic(), acting(by, verb=f"{registry.label}.approve_change", reason=opinion) as deed:
        _decide(each, State.APPROVED, by, opinion)
        data = json.loads(each.proposal)
        try:
            why = f"{each.by_name}（{each.unit_name}）申请"
            actions.change(registry, row.pk, data, by=by, only=data, version=each.seen, reason=why)
        except actions.Overtaken:
            raise NotNow(
                what="申请提出之后，这条记录又有改动，不能直接写入。", remedy="请退回，由申请人核对后重新提交。",
                code="dossier.stale_request",
            ) from None  # fmt: skip
        deed.on(row)
        announce("registry.change_decided", registry=registry, row=row, request=each, by=by)


def send_back(registry: Registry, each: ChangeRequest, *, by: Actor, opinion: str) -> None:
    """Return a request with an opinion (退回变更申请)."""
    if not decides(registry, each, by):
        raise NotAllowed(what="这份变更申请不由您审核。")
    if not opinion:
        raise BadInput({"opinion": "退回时请写明意见。"})
    with acting(by, verb=f"{registry.label}.return_change", reason=opinion) as deed:
        _decide(each, State.RETURNED, by, opinion)
        deed.on(each)
        announce("registry.change_decided", registry=registry, row=None, request=each, by=by)


def withdraw(registry: Registry, each: ChangeRequest, *, by: Actor) -> None:
    """Take one's own request back (撤回变更申请)."""
    if each.by_id != by.user_id:
        raise NotAllowed(what="只能撤回自己的申请。")
    with acting(by, verb=f"{registry.label}.withdraw_change") as deed:
        _decide(each, State.WITHDRAWN, by, "")
        deed.on(each)


def _decide(each: ChangeRequest, state: str, by: Actor, opinion: str) -> None:
    fresh = ChangeRequest.objects.select_for_update().get(pk=each.pk)
    if fresh.state != State.WAITING:
        raise NotNow(what=f"这份申请{fresh.get_state_display()}，不能再办理。")
    fresh.state, fresh.decided_at, fresh.decided_by, fresh.opinion = state, time.now(), by.name, opinion
    fresh.save()
