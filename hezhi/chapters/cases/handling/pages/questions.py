"""The further questions of a category (补充询问): one form for the reporter's, the grid worker's and the desk's page."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.rules import MOST_ANSWER, Question
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground.errors import Refusal
from hezhi.ground.ui.asking import ask, tell

clause = "9.1.2-1"


def form_for(questions: list[Question]) -> Any:
    """The form class of these questions; none of them must be answered."""

    class Form(forms.Form):
        def __init__(self, data: Any = None) -> None:
            super().__init__(data)
            for question in questions:
                self.fields[f"q-{question.key}"] = _field(question)

    return Form


def _field(question: Question) -> forms.Field:
    """One question as a field; what its answer must be is checked by the rule, so that every door checks the same."""
    common: dict[str, Any] = {"label": question.text, "required": False}
    if question.type in ("choice", "yesno"):
        known = question.choices or ("是", "否")
        return forms.ChoiceField(
            choices=[(choice, choice) for choice in known], widget=forms.RadioSelect,
            error_messages={"invalid_choice": "请从所列答案中选择。"}, **common,
        )  # fmt: skip
    if question.type == "number":
        kept = {"inputmode": "decimal", "maxlength": 14}
        return forms.CharField(help_text=question.unit, widget=forms.TextInput(attrs=kept), **common)
    if question.type == "date":
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    return forms.CharField(widget=forms.TextInput(attrs={"maxlength": MOST_ANSWER}), **common)


def on_phone(request: HttpRequest, case: Case, by: Actor, back: str) -> HttpResponse:
    """The questions on a phone page, and their answers; without questions back to where the person came from."""
    questions = queries.questions_for(case)
    if not questions:
        return redirect(back)
    form = form_for(questions)(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer_questions(case.pk, by=by, given=form.cleaned_data)
            messages.success(request, "已收到您的回答，谢谢。")
            return redirect(back)
        except Refusal as refusal:
            tell(form, refusal)
    context = {"form": form, "action_url": request.path, "submit_name": "提交回答", "back": back, "case": case}
    return render(request, "handling/phone_questions.html", context, status=422 if form.is_bound else 200)


@needs("cases.report", clause=clause)
def at_desk(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The same at the desk, while the caller is still on the line."""
    by = reader(request)
    case = queries.case_for(by, case_id)
    back = reverse("case", args=[case.pk])
    questions = queries.questions_for(case)
    if not questions:
        return redirect(back)

    def done(given: dict[str, Any]) -> None:
        actions.answer_questions(case.pk, by=by, given=given)
        messages.success(request, f"{case.number} 的补充询问已登记。")

    return ask(
        request, form_for(questions), "补充询问", done, back, submit="登记", note=f"{case.number}，可只答其中几问"
    )
