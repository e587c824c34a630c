"""The parts of a page: what they show, and what they never let through."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template

from hezhi.ground.time import frozen_at, now
from hezhi.ground.ui import examples, shapes

TEMPLATES = Path(__file__).parents[1] / "templates"
SCRIPT = '<script>alert("x")</script>'


def render(text: str, **context: object) -> str:
    return Template("{% load ui %}" + text).render(Context(context))


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: p.name)
def test_no_template_holds_inline_script_or_style(path: Path) -> None:
    text = path.read_text("utf-8")
    get_template(str(path.relative_to(TEMPLATES)))
    assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style|hx-on", text), path
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), path
    assert "|safe" not in text and "autoescape off" not in text, path


@pytest.mark.parametrize(
    "part",
    [
        "{% state_badge bad bad bad %}",
        "{% level_badge 2 bad %}",
        "{% masked bad bad bad %}",
        "{% empty bad bad bad %}",
        "{% facts facts %}",
        "{% timeline steps %}",
        "{% card bad note=bad %}{{ bad }}{% endcard %}",
        "{% bars bars bad %}",
        "{% map_box bad base=bad review_number=bad %}",
        "{% actions actions %}",
    ],
)
def test_a_script_in_a_text_stays_a_text(part: str) -> None:
    shown = render(
        part,
        bad=SCRIPT,
        facts=[shapes.Fact(SCRIPT, SCRIPT, SCRIPT)],
        steps=[shapes.TimelineItem(SCRIPT, now(), SCRIPT, SCRIPT, changes=[shapes.Change(SCRIPT, SCRIPT, SCRIPT)], files=[(SCRIPT, SCRIPT)])],
        bars=[shapes.Bar(SCRIPT, 1)],
        actions=[shapes.Action(SCRIPT, SCRIPT, confirm=SCRIPT), shapes.Action(SCRIPT, "", disabled_reason=SCRIPT)],
    )  # fmt: skip
    assert "<script" not in shown
    assert '"x"' not in shown.replace("&quot;", "")


def test_a_state_is_a_colour_and_a_word() -> None:
    shown = render('{% state_badge "to_accept" "待受理" %}')
    assert 'class="state state-to_accept"' in shown
    assert "待受理" in shown


def test_a_level_is_a_colour_a_word_and_a_roman_number() -> None:
    assert "橙 II" in render('{% level_badge 2 "暴雨" %}')


def test_a_limit_shows_its_moment_on_hovering() -> None:
    with frozen_at("2026-11-22 09:30"):
        shown = render("{% due deadline %}", deadline=now() + timedelta(hours=3))
    assert "剩 3 小时" in shown
    assert 'title="时限 2026-11-22 12:30"' in shown


def test_a_moment_of_another_year_shows_its_year() -> None:
    with frozen_at("2027-01-02 09:30"):
        old = now() - timedelta(days=60)
        assert ">2026-11-03<" in render("{% when old %}", old=old)
        assert ">01-02 09:30<" in render("{% when at %}", at=now())


def test_an_unknown_icon_is_refused_at_once() -> None:
    with pytest.raises(TemplateSyntaxError, match="no icon named"):
        render('{% icon "bel" %}')


def test_an_icon_with_a_label_speaks_and_one_without_is_silent() -> None:
    assert 'role="img" aria-label="消息"' in render('{% icon "bell" "消息" %}')
    assert 'aria-hidden="true"' in render('{% icon "bell" %}')


def test_a_wrong_field_names_its_error_to_a_screen_reader() -> None:
    shown = render("{% errors form %}{% field form.text %}", form=examples.wrong_form())
    assert 'aria-invalid="true"' in shown
    assert 'aria-describedby="id_text_error"' in shown
    assert 'id="id_text_error"' in shown
    assert 'href="#id_text"' in shown
    assert "有 3 处需要更正" in shown


def test_a_form_keeps_what_was_typed() -> None:
    assert "前小口子社区路灯不亮" in render("{% field form.title %}", form=examples.wrong_form())


def test_errors_of_the_form_as_a_whole_are_told() -> None:
    class Pair(forms.Form):
        def clean(self) -> None:
            raise forms.ValidationError("主办和协办不能是同一单位")

    form = Pair({})
    form.is_valid()
    assert "主办和协办不能是同一单位。" in render("{% errors form %}", form=form)


def test_a_masked_value_can_be_opened_only_where_a_way_is_given() -> None:
    assert "查看" not in render('{% masked "138****1234" %}')
    shown = render('{% masked "138****1234" "/reveal" "电话" %}')
    assert 'formaction="/reveal"' in shown
    assert "查看会被记录" in shown


def test_bars_are_measured_by_the_longest() -> None:
    shown = render('{% bars bars "件数" %}', bars=[shapes.Bar("甲", 200), shapes.Bar("乙", 50)])
    assert 'width="100.0"' in shown
    assert 'width="25.0"' in shown


def test_a_trend_without_figures_is_still_a_chart() -> None:
    assert "<svg" in render('{% trend "空" days 上报=none %}', days=[], none=[])


def test_a_trend_gives_its_figures_as_a_table_too() -> None:
    shown = render('{% trend "件数" days 上报=a %}', days=["11-21", "11-22"], a=[7, 9])
    assert "<td" in shown
    assert ">9</td>" in shown


def test_whole_numbers_are_grouped() -> None:
    assert render("{{ n|thousands }}", n=1234567) == "1,234,567"


@pytest.mark.parametrize(("said", "shown"), [("请稍后再试", "请稍后再试。"), ("好。", "好。"), ("", ""), (None, "")])
def test_a_sentence_ends_with_one_stop(said: str | None, shown: str) -> None:
    assert render("{{ said|ended }}", said=said) == shown


def test_a_disabled_button_says_why() -> None:
    shown = render("{% actions items %}", items=[shapes.Action("退回", "/r", disabled_reason="已裁定")])
    assert "已裁定" in shown
    assert "href" not in shown


def test_what_is_missing_is_told_in_the_words_of_the_house() -> None:
    class Form(forms.Form):
        told = forms.CharField()
        one = forms.ChoiceField(choices=[("a", "甲")])
        some = forms.MultipleChoiceField(choices=[("a", "甲")])
        paper = forms.FileField()

    assert Form({}).errors == {"told": ["请填写。"], "one": ["请选择。"], "some": ["请选择。"], "paper": ["请选择。"]}
