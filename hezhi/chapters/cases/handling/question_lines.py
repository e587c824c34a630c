"""The further questions of a category as lines (补充询问的写法): typed and read by people, kept as data.

    是一户没水，还是整栋、整个小区？一户/整栋楼/整个小区或更大
    室内大约多少度？数字 0至40 度
    是否还在漏？是或否
    哪天开始的？日期
    其他情况？

A sheet and the machine interface give the data itself; the form takes that too.
"""

import re
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError

from hezhi.chapters.cases.handling.rules import MOST_QUESTIONS, Question, questions_of
from hezhi.ground.errors import BadInput
from hezhi.ground.ui.fields import JsonField
from hezhi.ground.words import in_words

HOW = "一行一问：问题？选项一/选项二。不设选项的只写问题；也可写“是或否”“日期”“数字”或“数字 0至40 度”。最多 5 问。"
_LINE = re.compile(r"(?P<text>[^？?|｜]+[？?]?)[|｜]?(?P<rest>.*)")
_NUMBER = re.compile(r"数字(?: *(?P<least>-?[0-9.]+)? *至 *(?P<most>-?[0-9.]+)?)? *(?P<unit>[^0-9]{0,10})")


def line_of(question: Question) -> str:
    """One question as a person writes it."""
    told = {"choice": "/".join(question.choices), "yesno": "是或否", "date": "日期", "text": ""}.get(question.type)
    rest = _number_line(question) if told is None else told
    between = "|" if rest and not question.text.endswith(("？", "?")) else ""
    return f"{question.text}{between}{rest}"


def _number_line(question: Question) -> str:
    least, most = ("" if n is None else f"{n:g}" for n in (question.least, question.most))
    return " ".join(filter(None, ["数字", f"{least}至{most}" if least or most else "", question.unit]))


def lines_of(told: Any) -> str:
    """The questions of a category as lines; empty when there are none, or when lines cannot say them."""
    try:
        known = questions_of(told)
        lines = [line_of(each) for each in known]
        back = [read_line(line) for line in lines]
    except (BadInput, ValueError):
        return ""
    return "\n".join(lines) if back == [replace(each, key="") for each in known] else ""


def told_of(told: Any) -> list[str]:
    """The questions as a person reads them, one by one."""
    return lines_of(told).splitlines() or ([in_words(told)] if told else [])


def read_line(line: str) -> Question:
    """A line as a question that has no key yet. Raises ValueError with what is wrong."""
    found = _LINE.fullmatch(line.strip())
    text = found["text"].strip() if found else ""
    if found is None or not 0 < len(text) <= 60:
        raise ValueError("问题请写 1 到 60 个字，以“？”结束，后面写选项。")
    rest = found["rest"].strip()
    if rest in ("", "是或否", "日期"):
        return Question("", text, {"": "text", "是或否": "yesno", "日期": "date"}[rest])
    if number := _NUMBER.fullmatch(rest):
        return Question("", text, "number", (), _bound(number["least"]), _bound(number["most"]), number["unit"].strip())
    choices = tuple(each.strip() for each in re.split("[/／]", rest))
    if len(choices) < 2 or not all(0 < len(each) <= 60 for each in choices):
        raise ValueError("选项至少两个，用“/”隔开，每个不超过 60 个字。")
    return Question("", text, "choice", choices)


def _bound(typed: str | None) -> float | None:
    try:
        return float(typed) if typed else None
    except ValueError:
        raise ValueError("数字的范围请写成“数字 0至40”。") from None


def data_of(lines: str, before: Any) -> list[dict[str, Any]]:
    """The lines as data; a question that was there keeps its key, and all of its data where nothing of it changed.

    Raises ValidationError with the number of each wrong line.
    """
    asked: list[Question] = []
    wrong: list[str] = []
    for n, line in enumerate(lines.splitlines(), 1):
        try:
            asked += [read_line(line)] if line.strip() else []
        except ValueError as fault:
            wrong.append(f"第 {n} 行：{fault}")
    if len(asked) > MOST_QUESTIONS:
        wrong.append(f"最多 {MOST_QUESTIONS} 问；问得越多，答的人越少。")
    if len({each.text for each in asked}) != len(asked):
        wrong.append("同一个问题写了两遍。")
    if wrong:
        raise ValidationError(wrong)
    return _with_keys(asked, before)


def _with_keys(asked: list[Question], before: Any) -> list[dict[str, Any]]:
    try:
        known = {each.text: (each, told) for each, told in zip(questions_of(before), before, strict=True)}
    except BadInput:
        known = {}
    taken = {each.key for each, _ in known.values()}
    free = (key for n in range(1, 99) if (key := f"q{n}") not in taken)
    found = []
    for each in asked:
        old, told = known.get(each.text, (None, {}))
        same = old is not None and replace(old, key="") == each
        found.append(told if same else _facts(replace(each, key=old.key if old else next(free))))
    return found


def _facts(question: Question) -> dict[str, Any]:
    told = {
        "key": question.key, "text": question.text, "type": "" if question.type in ("text", "choice") else question.type,
        "choices": list(question.choices), "min": question.least, "max": question.most, "unit": question.unit,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value not in ("", None, [])}


class QuestionsField(JsonField):
    """Lines for people, data for sheets and machines. `before` is what the category asks now."""

    before: Any = ()

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not value.lstrip().startswith(("[", "{")):
            return data_of(value, list(self.before))
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value
        return (lines_of(value) if isinstance(value, list) else "") or super().prepare_value(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, as it was typed."""
        return data

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether it differs; what cannot be read does."""
        try:
            return bool(super().has_changed(initial, data))
        except ValidationError:
            return True
