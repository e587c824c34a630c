"""Pages of intake (9.1.2-1): the officer's form for a caller or a visitor, and the receipt slip."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from hezhi.chapters.cases.handling.api import Case, Category, Source, Urgency, queries
from hezhi.chapters.cases.handling.pages.forms import category_choices
from hezhi.chapters.cases.intake import import_pages, model_pages
from hezhi.chapters.cases.intake.actions import Receipt, says_the_same, take_in
from hezhi.chapters.cases.intake.rest import not_too_much
from hezhi.chapters.cases.intake.rules import APPEALS, FILES_SAID, MOST_NAME, MOST_PLACE, MOST_TEXT, MOST_TITLE, Message
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.files import TOLD, keep_files, look_through
from hezhi.engines.records.models import Attachment
from hezhi.ground.errors import BadInput
from hezhi.ground.form_tokens import form_token, row_id_of
from hezhi.ground.masks import entry_warning
from hezhi.ground.time import at_local
from hezhi.ground.ui.fields import ManyFiles, Words
from hezhi.ground.ui.shapes import Crumb

clause = "9.1.2-1"
DESK_SOURCES = [(s.value, s.label) for s in Source if s not in (Source.CITIZEN, Source.SENSOR, Source.GRID)]


FIELDS = {"lon": "place", "crs": "place", "photos": "files", "occurred_at": "occurred_on"}
"""Under which field of the form a fault of the message stands."""


NAMELESS = {"data-off-if": "anonymous=on"}
"""Fields that are greyed while the report is anonymous."""


class ReportForm(forms.Form):
    """What an officer writes down of a call, a visit or a letter (登记)."""

    source = forms.ChoiceField(label="来源", choices=DESK_SOURCES)
    appeal = forms.ChoiceField(label="诉求类型", choices=list(APPEALS.items()), initial="help")
    title = Words(label="标题", most=MOST_TITLE, required=False, help_text="可不填，系统取内容第一句。")
    text = Words(
        label="反映内容", widget=forms.Textarea(attrs={"rows": 6, "autofocus": True}), most=MOST_TEXT,
        error_messages={"required": "请写明反映的问题。"},
    )  # fmt: skip
    category = forms.ChoiceField(label="类别", required=False, help_text="可不选，系统给出建议。")
    urgency = forms.ChoiceField(label="紧急程度", choices=[("", "按类别默认"), *Urgency.choices], required=False)
    place = Words(label="地点", most=MOST_PLACE, required=False)
    lng = forms.FloatField(label="经度", required=False, widget=forms.HiddenInput)
    lat = forms.FloatField(label="纬度", required=False, widget=forms.HiddenInput)
    name = Words(label="姓名", most=MOST_NAME, required=False, widget=forms.TextInput(attrs=NAMELESS))
    phone = Words(label="电话", most=20, required=False, widget=forms.TextInput(attrs=NAMELESS))
    anonymous = forms.BooleanField(label="匿名", required=False, help_text="匿名件不留姓名和电话。")
    secret = forms.BooleanField(
        label="上报人要求保密", required=False, help_text="勾选后全文封存，只有受理员和值班长能看。"
    )
    occurred_on = forms.DateField(label="发生日期", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    outside_number = Words(label="外部编号", most=60, required=False)
    token = forms.CharField(widget=forms.HiddenInput(attrs={"data-keep": True}), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [("", "由系统建议"), *category_choices()]  # type: ignore[attr-defined]
        self.fields["files"] = forms.FileField(
            label="照片、录音、视频或文档", required=False, help_text=f"{FILES_SAID}会自动去除位置等隐藏信息。",
            widget=ManyFiles(attrs={"accept": "image/*,audio/*,video/*,.pdf,.docx,.xlsx,.amr"}),
        )  # fmt: skip

    def clean(self) -> None:
        """Take the case's id from the token; one that is not ours, or a day old, is told at the head of the form."""
        super().clean()
        try:
            self.cleaned_data["case_id"] = row_id_of(self.cleaned_data.get("token", ""))
        except BadInput as refusal:
            self.add_error(None, f"{refusal.what}请核对后再按一次“登记”。")
            self.renew()
        if self.cleaned_data.get("anonymous") and (self.cleaned_data.get("name") or self.cleaned_data.get("phone")):
            self.add_error("anonymous", "匿名件不留姓名和电话：请清空姓名、电话，或取消匿名。")

    def renew(self) -> None:
        """Give the form the id of another case: with the next press it makes one of its own."""
        self.data = dict(self.data.items()) | {"token": form_token()}

    def message(self, category: str) -> Message:
        """The filled form as a message."""
        given = self.cleaned_data
        return Message(
            source=given["source"], title=given["title"], text=given["text"], place=given["place"],
            lon=given["lng"], lat=given["lat"], crs="EPSG:4326" if given["lng"] is not None else "",
            category=category, urgency=given["urgency"], appeal=given["appeal"], name=given["name"],
            phone=given["phone"], anonymous=given["anonymous"], secret=given["secret"],
            occurred_at=at_local(given["occurred_on"]) if given["occurred_on"] else None,
            outside_channel=given["source"] if given["outside_number"] else "",
            outside_number=given["outside_number"],
        )  # fmt: skip


@needs("cases.report", clause=clause)
def register(request: HttpRequest) -> HttpResponse:
    """Write down what a caller or visitor tells (登记事件). The signed token makes a double click one case, and a second press after «Back» too."""
    by = reader(request)
    form = ReportForm(request.POST or None, initial={"token": form_token()})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                receipt = _report(form, by, request)
                return redirect("case-receipt", case_id=receipt.id)
            except BadInput as refusal:
                for name, told in refusal.fields.items():
                    field = FIELDS.get(name, name)
                    form.add_error(field if field in form.fields else None, told)
    context = {
        "form": form,
        "title": "登记事件",
        "crumbs": [Crumb("事件管理", "/r/cases/"), Crumb("登记事件")],
        "action_url": request.path,
        "cancel_url": "/r/cases/",
        "submit_name": "登记",
        "pick_ids": {"lng": "id_lng", "lat": "id_lat"},
    }
    return render(request, "intake/register.html", context, status=status)


def _report(form: ReportForm, by: Actor, request: HttpRequest) -> Receipt:
    category = form.cleaned_data["category"]
    code = Category.objects.filter(pk=category).values_list("code", flat=True).first() if category else None
    looked = look_through(request.FILES.getlist("files"), kinds=TOLD)
    not_too_much(looked)
    message = form.message(code or "")
    receipt = take_in(message, by=by, case_id=form.cleaned_data["case_id"])
    if not receipt.new and receipt.id == form.cleaned_data["case_id"]:
        _the_same_once_more(form, message, receipt)
        messages.info(request, f"这张表已经登记过，编号 {receipt.number}，没有另建事件。")
    warning = entry_warning(form.cleaned_data["text"])
    if warning and not form.cleaned_data["secret"]:
        messages.warning(request, warning)
    if receipt.code:
        request.session["receipt"] = {"id": str(receipt.id), "code": receipt.code}
    if receipt.id != form.cleaned_data["case_id"]:
        messages.warning(request, "这个外部编号已经登记过，没有另建事件；这次带来的附件没有保存。")
        return receipt
    case = Case.objects.get(pk=receipt.id)
    visibility = Attachment.Visibility.SECRET if case.secret else Attachment.Visibility.READERS
    keep_files(by, case, looked, stage="report", visibility=visibility)
    return receipt


def _the_same_once_more(form: ReportForm, message: Message, receipt: Receipt) -> None:
    """Refuse a form that was sent before and tells something else now; the next press makes a case of it."""
    if says_the_same(message, receipt.id):
        return
    form.renew()
    raise BadInput(
        {"": [f"这张表已登记为 {receipt.number}，现在的内容与那一件不同。是另一件事的，核对后再按一次「登记」。"]}
    )


@needs("cases.report", clause=clause)
def receipt(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The slip for a visitor (受理回执): number, code to follow it, when to expect an answer; can be printed."""
    case, opens = queries.receipt_for(reader(request), case_id)
    told = request.session.get("receipt", {})
    code = told.get("code") if told.get("id") == str(case.pk) else ""
    asked = queries.questions_for(case) if opens else []
    context = {
        "case": case,
        "opens": opens,
        "code": code,
        "title": "登记回执" if case.state == "to_accept" else "受理回执",
        "asked": len(asked),
        "follow_url": request.build_absolute_uri("/c/"),
    }
    return render(request, "intake/receipt.html", context)


urlpatterns = [
    path("new/", register, name="case-new"),
    path("<uuid:case_id>/receipt/", receipt, name="case-receipt"),
    *import_pages.urlpatterns,
    *model_pages.urlpatterns,
]
