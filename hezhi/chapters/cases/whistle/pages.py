"""Whistling on screen (吹哨报到): the rating of who came, beside the case; how units came, by unit."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.api import queries as cases
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.whistle import actions, queries
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.asking import ask

clause = "9.1.2-2"


class RateForm(forms.Form):
    """What the caller says of one who came."""

    stars = forms.TypedChoiceField(
        label="评分", coerce=int, choices=[(n, f"{n} 星") for n in (5, 4, 3, 2, 1)], widget=forms.RadioSelect,
        error_messages={"required": "请选择评分。"},
    )  # fmt: skip
    solved = forms.ChoiceField(
        label="到场后解决了问题", choices=[("", "未定"), ("yes", "是"), ("no", "否")], required=False
    )
    text = forms.CharField(
        label="评价意见",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="评一星、二星的必填。",
    )


@needs("whistle.rate", clause=clause)
def rate(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Rate a called unit."""
    by = reader(request)
    key = queries.case_of_order(order_id)
    if key is None:
        raise NotFound("没有找到这张吹哨单。", code="whistle.no_order")
    case = cases.case_for(by, key)

    def done(given: dict[str, Any]) -> None:
        solved = {"yes": True, "no": False}.get(given["solved"])
        actions.rate(order_id, by=by, stars=given["stars"], solved=solved, text=given["text"])
        messages.success(request, "评价已登记。")

    return ask(request, RateForm, "评价到场单位", done, reverse("case", args=[case.pk]), "提交", case.number)


@needs("whistle.view", clause=clause)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """How the called units came, by unit."""
    return render(request, "whistle/board.html", {"rows": queries.by_unit(reader(request))})


def beside_case(by: Actor, case: Case) -> Beside | None:
    """The called units of this case with their ratings, where any was called."""
    if not (by.may("whistle.rate") or by.may("whistle.view")):
        return None
    found = queries.comings(by, case)
    return Beside([], "whistle/beside_case.html", {"comings": found}) if found else None


urlpatterns = [
    path("board/", board, name="whistle-board"),
    path("orders/<uuid:order_id>/rate/", rate, name="whistle-rate"),
]
