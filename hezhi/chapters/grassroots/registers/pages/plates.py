"""Signs at doors (门牌码): a sheet to print, and the page a code opens.

The code holds an address of this page and a random sign, nothing of a person. Who serves the home comes
straight to its page; everybody else is told the address and how to report.
"""

from __future__ import annotations

from io import BytesIO
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString, mark_safe

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.actions import make_plates
from hezhi.chapters.grassroots.registers.models import Building, Home, Plate, SmallPlace
from hezhi.chapters.grassroots.registers.pages.common import crumbs
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs, open_to_all
from hezhi.engines.registry import addresses
from hezhi.ground.errors import NotFound
from hezhi.ground.ids import clean_code

clause = "9.1.3-2-3"
WHY = "a code at a door leads everybody who scans it to the address and to the report page"
SHOWN = 400


def drawn(address: str) -> SafeString:
    """The two-dimensional code of an address as an SVG (二维码), to be put into a page."""
    import qrcode  # read by the first who prints one: a start need not
    from qrcode.image.svg import SvgPathImage

    code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(address)
    code.make(fit=True)
    out = BytesIO()
    code.make_image(image_factory=SvgPathImage).save(out)
    svg = out.getvalue().decode()
    return mark_safe(svg[svg.index("<svg") :])  # noqa: S308 - made here from modules, no text of anybody in it


@needs("homes.view", clause=clause)
def sheet(request: HttpRequest, id: UUID, home_id: UUID | None = None) -> HttpResponse:
    """The signs of a building's homes, or of one home, to print (打印门牌码); those missing are made on request."""
    by = reader(request)
    building = Building.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).first()
    homes = queries.homes_of_building(id, by=by) if building else []
    homes = [home for home in homes if home_id in (None, home.pk)]
    if building is None or (home_id and not homes):
        raise NotFound(what="没有找到这栋建筑或这套房屋。")
    if request.method == "POST":
        made = make_plates(by=by, homes=[home.pk for home in homes])
        messages.success(request, f"已制作 {len(made)} 个门牌码。" if made else "门牌码都已制作。")
        return redirect(request.path)
    there = {plate.home_id: plate for plate in Plate.objects.filter(home__in=homes[:SHOWN])}
    told = [
        (home.full_name, drawn(_scanned(request, there[home.pk])), there[home.pk].code)
        for home in sorted(homes[:SHOWN], key=lambda each: (each.entrance, each.floor, each.door))
        if home.pk in there
    ]
    heading = homes[0].full_name if home_id else building.full_name
    back = addresses.page("homes", home_id) if home_id else reverse("building-chart", args=[building.pk])
    context = {
        "signs": told, "missing": sum(home.pk not in there for home in homes), "heading": f"门牌码：{heading}",
        "may_make": by.may("homes.edit"), "crumbs": crumbs((heading, back)), "one": bool(home_id), "back": back,
    }  # fmt: skip
    return render(request, "registers/plates.html", context)


def _scanned(request: HttpRequest, plate: Plate) -> str:
    return request.build_absolute_uri(reverse("plate", args=[plate.code]))


@open_to_all(WHY, clause=clause)
def scanned(request: HttpRequest, code: str) -> HttpResponse:
    """What a code at a door opens: the home's page for who serves it, address and report for everybody."""
    plate = found_plate(code)
    by = reader(request)
    inside = _inside(plate, by)
    if inside:
        return redirect(inside)
    context = queries.told_of_plate(plate)
    context["report_url"] = f"{reverse('citizen-report')}?{urlencode({'address': context['address']})}"
    context["check_url"] = reverse("place-self", args=[plate.code]) if plate.place_id else ""
    return render(request, "registers/plate.html", context)


def found_plate(code: str) -> Plate:
    """The sign of this code; raises NotFound."""
    rows = Plate.objects.select_related("home__community", "place__community")
    plate = rows.filter(code=clean_code(code)[:16]).first()
    if plate is None:
        raise NotFound(
            "没有找到这个门牌码。", "可能门牌已损坏或扫描有误。", "可以直接反映问题，在地点说明里写明地址。",
            code="registers.no_plate",
        )  # fmt: skip
    return plate


def _inside(plate: Plate, by: Actor) -> str:
    """Where an officer who serves this place goes; «» for everybody else."""
    if plate.home is not None:
        if not Home.objects.visible_to(by).filter(pk=plate.home.pk).exists():
            return ""
        if by.may("homes.report"):
            return reverse("grid-home", args=[plate.home_id])
        return addresses.page("homes", plate.home_id) if by.may("homes.view") else ""
    if plate.place is None:
        return ""
    mine = SmallPlace.objects.visible_to(by).filter(pk=plate.place.pk, removed_at__isnull=True)
    if not by.may("small_places.view") or not mine.exists():
        return ""
    return (
        reverse("grid-place", args=[plate.place_id])
        if by.may("small_places.edit")
        else addresses.page("small-places", plate.place_id)
    )


urlpatterns = [
    path("buildings/<uuid:id>/plates/", sheet, name="building-plates"),
    path("buildings/<uuid:id>/plates/<uuid:home_id>/", sheet, name="home-plate"),
]
