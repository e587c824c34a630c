"""Checking a small place at the desk, on the phone and by its keeper (登记检查、复查、场所自查)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from hezhi.chapters.grassroots.registers import actions, queries
from hezhi.chapters.grassroots.registers.models import PlaceCheck, Plate, SmallPlace
from hezhi.chapters.grassroots.registers.pages.common import crumbs
from hezhi.chapters.grassroots.registers.pages.plates import WHY, drawn, found_plate
from hezhi.chapters.grassroots.registers.queries import name_of_code
from hezhi.chapters.grassroots.registers.rules import MOST_NOTE, RESULTS, Answer, Result, next_check
from hezhi.engines.org.actor import Actor, citizen, reader
from hezhi.engines.org.rights import needs, open_to_all
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Empty

clause = "9.1.3-2-8"


def _place(id: UUID, by: Actor) -> SmallPlace:
    rows = SmallPlace.objects.visible_to(by).select_related("community")
    found = rows.filter(pk=id, removed_at__isnull=True).first()
    if found is None:
        raise NotFound(what="没有找到这个场所，可能不在您的辖区。")
    return found  # type: ignore[no-any-return]


class CheckForm(forms.Form):
    """The list with a result and a note for each item, and a note for all (检查表)."""

    def __init__(self, items: list[tuple[str, str, str]], data: Any = None) -> None:
        super().__init__(data)
        self.items = items
        for code, text, hint in items:
            self.fields[code] = forms.ChoiceField(
                label=text, choices=RESULTS, widget=forms.RadioSelect, required=False, help_text=hint
            )
            self.fields[f"{code}_note"] = forms.CharField(
                label=f"{text}：不合格情况", required=False, max_length=MOST_NOTE
            )
        self.fields["all_note"] = forms.CharField(label="总的说明", required=False, max_length=300)

    def rows(self) -> list[tuple[Any, Any]]:
        """Each item's result and note, to be drawn together."""
        return [(self[code], self[f"{code}_note"]) for code, _, _ in self.items]

    def answers(self) -> dict[str, Answer]:
        """What was ticked; an item left open is not in it."""
        given = self.cleaned_data
        return {
            code: Answer(Result(given[code]), given.get(f"{code}_note", ""))
            for code, _, _ in self.items
            if given.get(code)
        }

    def tell(self, refusal: BadInput) -> None:
        """What the verb refused, at its item."""
        for name, said in refusal.fields.items():
            self.add_error(name if name in self.fields else None, list(said))


def _items(place: SmallPlace) -> list[tuple[str, str, str]]:
    return [(each.code, each.text, each.hint) for each in queries.items_for(place.kind)]


def _again(place: SmallPlace, by: Actor) -> list[tuple[str, str, str]]:
    rows = [each for each in queries.findings_of(place.pk, by=by) if each.state == "open"]
    return [(each.item, each.text, f"{each.note}，应于 {each.due} 前整改") for each in rows]


def _go_through(
    request: HttpRequest, form: CheckForm, do: Callable[[CheckForm], HttpResponse], context: dict[str, Any]
) -> HttpResponse:
    """Draw the list, or write it; what is refused stands at its item and nothing typed is lost."""
    template, status = context.pop("template"), 200
    if request.method == "POST":
        status = 422
        try:
            if form.is_valid():
                return do(form)
        except BadInput as refusal:
            form.tell(refusal)
        except Refusal as refusal:
            form.add_error(None, f"{refusal.what}{refusal.remedy}")
            status = refusal.status
    return render(request, template, {"form": form, "action_url": request.path, **context}, status=status)


def _staff_check(request: HttpRequest, id: UUID, *, again: bool, phone: bool) -> HttpResponse:
    by = reader(request)
    place = _place(id, by)
    form = CheckForm(_again(place, by) if again else _items(place), request.POST or None)
    back = reverse("grid-place", args=[place.pk]) if phone else f"{addresses.page('small-places', place.pk)}?tab=checks"

    def do(form: CheckForm) -> HttpResponse:
        verb = actions.recheck_place if again else actions.check_place
        check = verb(place.pk, form.answers(), by=by, note=form.cleaned_data["all_note"])
        messages.success(request, _told(check, again))
        return redirect(back)

    title = "登记复查" if again else "登记检查"
    context = {
        "template": "registers/check_phone.html" if phone else "registers/check.html", "place": place, "title": title,
        "heading": f"{title}：{place.name}", "kind": name_of_code("small_place", place.kind), "cancel_url": back,
        "submit_name": "保存复查" if again else "保存检查", "crumbs": crumbs((place.name, back)),
        "nothing": not form.items,
    }  # fmt: skip
    return _go_through(request, form, do, context)


def _told(check: PlaceCheck, again: bool) -> str:
    if check.faults:
        return f"已保存，{check.faults} 项不合格，请提醒负责人按期整改。"
    return "复查合格，问题已销号。" if again else "检查已保存，全部合格。"


@needs("small_places.edit", clause=clause)
def check(request: HttpRequest, id: UUID) -> HttpResponse:
    """Go through the list at the desk."""
    return _staff_check(request, id, again=False, phone=False)


@needs("small_places.edit", clause=clause)
def recheck(request: HttpRequest, id: UUID) -> HttpResponse:
    """Look at the open findings again, at the desk."""
    return _staff_check(request, id, again=True, phone=False)


@needs("small_places.edit", clause=clause)
def phone_check(request: HttpRequest, id: UUID) -> HttpResponse:
    """Go through the list on the spot."""
    return _staff_check(request, id, again=False, phone=True)


@needs("small_places.edit", clause=clause)
def phone_recheck(request: HttpRequest, id: UUID) -> HttpResponse:
    """Look at the open findings again, on the spot."""
    return _staff_check(request, id, again=True, phone=True)


@needs("small_places.edit", clause=clause)
def phone_places(request: HttpRequest) -> HttpResponse:
    """The small places of one's own ground, those with faults and those due first (场所检查)."""
    by, words = reader(request), request.GET.get("q", "").strip()[:60]
    rows = [
        {"name": each.name, "url": reverse("grid-place", args=[each.pk]), "note": _note(each)}
        for each in queries.places_for(by, words)
    ]
    empty = "没有找到，请减少条件再试。" if words else "您的网格还没有登记九小场所。"
    return render(request, "registers/phone_places.html", {"rows": rows, "words": words, "empty": Empty(empty)})


def _note(place: SmallPlace) -> str:
    today, ahead = time.today(), next_check(place.last_inspected_on, place.inspect_every)
    told = [name_of_code("small_place", place.kind)]
    if place.licence_until and place.licence_until < today:
        told.append("许可证过期")
    if place.rectify_until:
        told.append("逾期未整改" if place.rectify_until < today else f"{place.rectify_until} 前整改")
    elif ahead is None:
        told.append("还没有检查过")
    else:
        told.append("到期应检查" if ahead < today else f"下次检查 {ahead}")
    return " · ".join(told)


@needs("small_places.edit", clause=clause)
def phone_place(request: HttpRequest, id: UUID) -> HttpResponse:
    """One small place on the spot: what is open, what the keeper told, and what can be done."""
    by = reader(request)
    place = _place(id, by)
    checks = queries.checks_of(place.pk, by=by, most=5)
    context = {
        "place": place, "kind": name_of_code("small_place", place.kind), "note": _note(place), "checks": checks,
        "findings": [each for each in queries.findings_of(place.pk, by=by) if each.state == "open"],
        "expired": place.licence_until is not None and place.licence_until < time.today(),
    }  # fmt: skip
    return render(request, "registers/phone_place.html", context)


@needs("small_places.edit", clause=clause)
def keeper_code(request: HttpRequest, id: UUID) -> HttpResponse:
    """Give the keeper a code for his own checks; it is shown once."""
    by = reader(request)
    place = _place(id, by)
    code = actions.give_keeper_code(place.pk, by=by) if request.method == "POST" else ""
    plate = Plate.objects.filter(place=place).first()
    if code and plate is None:
        plate = actions.make_plates(by=by, places=[place.pk])[0]
    context = {
        "place": place, "code": code, "heading": f"发放自查码：{place.name}", "crumbs": crumbs(),
        "action_url": request.path, "back": f"{addresses.page('small-places', place.pk)}?tab=checks",
        "self_url": request.build_absolute_uri(reverse("place-self", args=[plate.code])) if plate else "",
    }  # fmt: skip
    return answer(request, "registers/keeper_code.html", "registers/keeper_code_part.html", context)


@needs("small_places.view", clause=clause)
def plate(request: HttpRequest, id: UUID) -> HttpResponse:
    """The sign of a small place, to print (打印门牌码)."""
    by = reader(request)
    place = _place(id, by)
    if request.method == "POST":
        actions.make_plates(by=by, places=[place.pk])
        return redirect(request.path)
    there = Plate.objects.filter(place=place).first()
    url = request.build_absolute_uri(reverse("plate", args=[there.code])) if there else ""
    back = addresses.page("small-places", place.pk)
    context = {
        "signs": [(place.name, drawn(url), there.code)] if there else [], "missing": 0 if there else 1, "one": True,
        "heading": f"门牌码：{place.name}", "may_make": by.may("small_places.edit"), "back": back,
        "crumbs": crumbs((place.name, back)),
    }  # fmt: skip
    return render(request, "registers/plates.html", context)


# -- the keeper, without an account ------------------------------------------------------------------


@open_to_all(WHY, clause=clause)
def self_check(request: HttpRequest, code: str) -> HttpResponse:
    """The keeper checks his own place: sign and code first, then the list (场所自查)."""
    sign, here = found_plate(code), reader(request)
    if sign.place is None:
        raise NotFound(what="这个门牌不是九小场所的。")
    typed = request.POST.get("keeper_code", "")[:16]
    told = ""
    if request.method == "POST":
        try:
            place = actions.must_be_keeper(sign, typed, address=here.address)
            return _self_list(request, place, typed, here)
        except Refusal as refusal:
            told = f"{refusal.what}{refusal.remedy}"
    context = {"told": told, "plate": sign, "action_url": request.path}
    return render(request, "registers/self_code.html", context, status=422 if told else 200)


def _self_list(request: HttpRequest, place: SmallPlace, typed: str, here: Actor) -> HttpResponse:
    me = citizen().at(channel="citizen", address=here.address, request_id=here.request_id)
    sent = request.POST if "send" in request.POST else None
    form = CheckForm(_items(place), sent)

    def do(form: CheckForm) -> HttpResponse:
        check = actions.self_check(place, form.answers(), by=me, note=form.cleaned_data["all_note"])
        return render(request, "registers/self_done.html", {"check": check, "place": place})

    context = {
        "template": "registers/self_check.html", "place": place, "keeper_code": typed, "submit_name": "提交自查",
        "kind": name_of_code("small_place", place.kind),
    }  # fmt: skip
    if sent is None:
        del context["template"]
        return render(request, "registers/self_check.html", {"form": form, "action_url": request.path, **context})
    return _go_through(request, form, do, context)


urlpatterns = [
    path("places/<uuid:id>/check/", check, name="place-check"),
    path("places/<uuid:id>/recheck/", recheck, name="place-recheck"),
    path("places/<uuid:id>/keeper-code/", keeper_code, name="place-keeper-code"),
    path("places/<uuid:id>/plate/", plate, name="place-plate"),
]
