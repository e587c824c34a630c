"""The grid worker at the door (入户): look up a home, see who lives there, note a visit, report a change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.actions import report_change
from hezhi.chapters.grassroots.registers.models import ChangeReport, Home, Resident
from hezhi.chapters.grassroots.registers.pages.showing import lines
from hezhi.engines.dossier.models import Visit
from hezhi.engines.dossier.verified import verify
from hezhi.engines.dossier.visits import VisitForm, Visits, add_visit
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.audit import read_of_personal
from hezhi.engines.registry import site
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.ids import new_id
from hezhi.ground.ui.shapes import Empty

clause = "9.1.3-2-3"
SALT = "registers.report"
MOST_HOMES = 300
"""A high block has some two hundred homes; whoever finds more says which entrance."""


def _home(id: UUID, by: Actor, *, gone: bool = False) -> Home:
    """A home of one's own ground; `gone`: one that was split or combined too, to lead on from there."""
    told = [site.get("homes").column(name) for name in ("verified", "verified_by")]
    rows = Home.objects.visible_to(by).select_related("building", "community")
    rows = rows.annotate(**{name: made for column in told for name, made in column.annotations.items()})
    found = rows.filter(pk=id).first()
    if found is None or (found.removed_at is not None and not (gone and found.went_into.exists())):
        raise NotFound(what="没有找到这套房屋，可能不在您的网格内。")
    return found  # type: ignore[no-any-return]


@needs("homes.report", clause=clause)
def search(request: HttpRequest) -> HttpResponse:
    """Look up a home by address, all homes of a building among them; without words the buildings of one's own grid."""
    by, words, told = reader(request), request.GET.get("q", "").strip()[:60], ""
    if words:
        found = queries.find_homes(words, by=by, most=MOST_HOMES + 1)
        rows = [_row(home) for home in found[:MOST_HOMES]]
        more = len(found) > MOST_HOMES
        told = f"只列出前 {MOST_HOMES} 套，请补上楼号、单元或门牌再找。" if more else f"共 {len(rows)} 套"
    else:
        rows = [
            {"name": each.name, "url": f"{reverse('grid-homes')}?q={each.name}", "note": f"{each.homes} 套房屋"}
            for each in queries.buildings_of(by)
        ]
    empty = "没有找到，请减少条件再试。" if words else "您的网格还没有登记建筑。"
    context = {"rows": rows, "words": words, "told": told if rows else "", "empty": Empty(empty)}
    return render(request, "registers/phone_homes.html", context)


def _row(home: Home) -> dict[str, Any]:
    people = f"居住 {home.people_count} 人" if home.people_count else "没有登记居住人员"
    note = home.removed_reason if home.removed_at else f"{home.get_use_display()} · {people}"
    return {"name": home.full_name, "url": reverse("grid-home", args=[home.pk]), "note": note}


@needs("homes.report", clause=clause)
def home(request: HttpRequest, id: UUID) -> HttpResponse:
    """One home at its door: who lives there, the last visits, and what can be done."""
    by = reader(request)
    row = _home(id, by, gone=True)
    if row.removed_at is not None:
        rows = [_row(each) for each in queries.later_homes(id)]
        context = {"rows": rows, "former": row, "empty": Empty("原房屋已退出台账。")}
        return render(request, "registers/phone_gone.html", context)
    living = queries.living_in(row.pk, by=by) if by.may("residents.view") else []
    reports = _waiting(row)
    context = {
        "home": row, "people": lines(living, by), "visits": Visit.of(row).filter(struck_reason="").order_by("-visited_on")[:3],
        "reports": reports, "may_verify": by.may("homes.edit") and not reports,
    }  # fmt: skip
    return render(request, "registers/phone_home.html", context)


def _waiting(home: Home) -> list[ChangeReport]:
    """The newest reports on a home that nobody has looked into yet (待核实的变动)."""
    waiting = ChangeReport.objects.filter(home=home, state=ChangeReport.State.WAITING)
    return list(waiting.order_by("-reported_at")[:3])


@needs("homes.edit", clause=clause)
def still_right(request: HttpRequest, id: UUID) -> HttpResponse:
    """«仍然一致»: looked at on the spot, and everything is as it is entered; not while a report says otherwise."""
    by = reader(request)
    row = _home(id, by)
    if request.method == "POST" and _waiting(row):
        messages.error(request, "这套房屋报告的变动还没有核实，现在不能记为一致。")
    elif request.method == "POST":
        verify(site.get("homes"), row, by=by, note="入户核实，仍然一致")
        messages.success(request, "已记下：与台账一致。")
    return redirect("grid-home", id=row.pk)


@needs("homes.report", clause=clause)
def visit(request: HttpRequest, id: UUID) -> HttpResponse:
    """Write a visit down."""
    by = reader(request)
    row, registry = _home(id, by), site.get("homes")
    part = next(part for part in registry.parts if isinstance(part, Visits))
    form = VisitForm(part, by, request.POST or None)
    if request.method == "POST":
        try:
            add_visit(registry, row, request.POST, by=by, part=part)
            messages.success(request, "走访已登记。")
            return redirect("grid-home", id=row.pk)
        except BadInput:
            form.is_valid()  # it tells at each field what the verb refused
    return _form(request, form, row, "登记走访", 422 if form.is_bound else 200)


class ReportForm(forms.Form):
    """What was seen (变动情况); the hidden token is the report's id, so that it is written once."""

    kind = forms.ChoiceField(label="发现什么变动", choices=ChangeReport.Kind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label="情况", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写清什么时候、听谁说的；不用写身份证号和电话",
    )  # fmt: skip
    token = forms.CharField(widget=forms.HiddenInput)


@needs("homes.report", clause=clause)
def report(request: HttpRequest, id: UUID) -> HttpResponse:
    """Report a change for the community to look into; it changes nothing by itself."""
    by = reader(request)
    row = _home(id, by)
    form = ReportForm(request.POST or None, initial={"token": signing.dumps(str(new_id()), salt=SALT)})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            known = UUID(signing.loads(given["token"], salt=SALT, max_age=24 * 3600))
            report_change(row.pk, by=by, kind=given["kind"], text=given["text"], id=known)
            messages.success(request, "已报告，社区核实后更新台账。")
            return redirect("grid-home", id=row.pk)
        except signing.BadSignature:
            form.add_error(None, "这个页面打开太久，请返回后重新报告。")
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, list(said))
    return _form(request, form, row, "报告变动", 422 if form.is_bound else 200)


def _form(request: HttpRequest, form: forms.Form, row: Home, title: str, status: int) -> HttpResponse:
    context = {"form": form, "home": row, "title": title, "action_url": request.path, "submit_name": title}
    return render(request, "registers/phone_step.html", context, status=status)


@needs("homes.report", clause="9.1.3-2-4")
def call(request: HttpRequest, id: UUID) -> HttpResponse:
    """Call a resident without showing the number; that it was used is written down (一键拨号)."""
    by = reader(request)
    person = queries.residents(by).filter(pk=id).first()
    if person is None or not person.phone:
        raise NotFound(what="没有找到可以拨打的电话。")
    read_of_personal(by, "registers.resident", person.pk, ["phone"], Resident.purpose)
    response = HttpResponse(status=302)
    response["Location"] = f"tel:{person.phone}"
    return response


urlpatterns = [
    path("", search, name="grid-homes"),
    path("<uuid:id>/", home, name="grid-home"),
    path("<uuid:id>/right/", still_right, name="grid-home-right"),
    path("<uuid:id>/visit/", visit, name="grid-home-visit"),
    path("<uuid:id>/report/", report, name="grid-home-report"),
    path("call/<uuid:id>/", call, name="grid-call"),
]
