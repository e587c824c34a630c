"""How case handling thinks (事件办理规则): words of templates, results in words, what a case still lacks, what a rule of the
table of duties asks for, what a category asks besides, how urgent a report is, by which signs a case is sought.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from hezhi.ground.errors import BadInput

# -- answers and results ---------------------------------------------------------------------------

PLACES = ("编号", "类别", "单位", "收到日期", "今天")
"""What a template may name; never the reporter, nor a word of what he told."""
_PLACE = re.compile(r"\{([^{}]*)\}")
OPEN = "（请填写）"
_OPEN = re.compile(r"[（(]请填写[^（）()]*[）)]")

APPEALS = {
    "consult": "咨询", "help": "求助", "complaint": "投诉", "report": "举报",
    "proposal": "建议", "praise": "表扬", "other": "其他",
}  # fmt: skip
"""What somebody wants who reports (诉求类型)."""
FINDING = {"true": "属实", "partly": "部分属实", "false": "不属实"}


def strange_places(text: str) -> list[str]:
    """Names in braces that no template can fill (不认识的占位)."""
    return [name for name in dict.fromkeys(_PLACE.findall(text)) if name not in PLACES]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The template with its places filled (套用); what is not known is left to be filled in, a strange place as it is."""
    return _PLACE.sub(lambda m: (values.get(m[1]) or OPEN) if m[1] in PLACES else m[0], text)


def still_open(text: str) -> list[str]:
    """What a text still asks to be filled in (未填的占位), each once: no such text goes to a reporter."""
    return list(dict.fromkeys(_OPEN.findall(text)))


def said(answer: bool | None) -> str:
    """A yes, a no, or no answer, in words."""
    return "未填" if answer is None else "是" if answer else "否"


def result_words(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A unit's result in words (结构化办理结果): only what was filled in."""
    told: list[tuple[str, str]] = []
    if result.get("finding"):
        told.append(("是否属实", FINDING.get(result["finding"], result["finding"])))
    if result.get("contacted") is not None:
        told.append(("联系情况", "已联系上报人" if result["contacted"] else "未联系上报人"))
    if result.get("solved") is not None:
        told.append(("是否解决", said(result["solved"])))
    if result.get("reason"):
        told.append(("未决原因", str(result["reason"])))
    if result.get("joint"):
        told.append(("联合处置结果", _stands(result)))
    return told


def _stands(result: Mapping[str, Any]) -> str:
    """Whether a called unit has put its name to the joint result (联合处置结果), in words."""
    if result.get("difference"):
        return f"有不同意见：{result['difference']}"
    return "已确认" if result.get("agreed") else "待确认"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a category asks for before a case is taken up and before it is closed (立案条件、结案条件)."""

    place: bool = False
    contact: bool = False
    result: bool = False
    talk: bool = False
    site_check: bool = False
    photo: bool = False

    @property
    def to_close(self) -> bool:
        """Whether anything at all must be looked at before the end."""
        return self.result or self.talk or self.site_check or self.photo


def missing_to_accept(needs: Needs, *, has_place: bool, has_contact: bool) -> list[str]:
    """What is missing before a case is taken up (立案尚缺), a phrase each."""
    told = ["发生地点"] if needs.place and not has_place else []
    return told + (["上报人的联系方式"] if needs.contact and not has_contact else [])


def missing_to_close(
    needs: Needs, *, results: Iterable[Mapping[str, Any]], on_site: bool, stages: Collection[str]
) -> list[str]:
    """What is missing before a case may end (结案尚缺), a phrase each.

    `results` are those of the leading orders of this round, `stages` the stages of its files.
    """
    given = list(results)
    told = []
    if needs.result and not any(r.get("finding") and r.get("solved") is not None for r in given):
        told.append("办理结果（是否属实、是否解决）")
    if needs.talk and not any(r.get("contacted") for r in given):
        told.append("与上报人联系的记录")
    if needs.site_check and not on_site:
        told.append("现场核查记录（处置时选「到过现场」，或到场报到）")
    if needs.photo and "after" not in stages:
        told.append("处置后照片")
    return told


def lacking(what: str, missing: Iterable[str]) -> str:
    """The sentence an officer reads: which condition is not met yet."""
    return f"还不能{what}，尚缺：{'、'.join(missing)}。"


LONG_HOLD = 90
"""A hold of more days than this is pointed out to who asks and to who decides (挂起过长)."""


def long_hold(asked: date, review: date) -> str:
    """The warning about a hold that lasts very long, with its days; empty for a shorter one."""
    days = (review - asked).days
    return (
        f"复核日期 {review:%Y-%m-%d} 在 {days} 天以后，超过 {LONG_HOLD} 天，请核对是否填错。"
        if days > LONG_HOLD
        else ""
    )


# -- what a rule of the table of duties asks for (派单规则) ------------------------------------------

ALWAYS, WORKING, OFF = "", "working", "off"
WHEN = {ALWAYS: "任何时候", WORKING: "工作时间", OFF: "非工作时间"}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a routing rule asks for besides category and place (派单条件); empty ones ask for nothing."""

    when: str = ALWAYS
    hours: str = ""
    question: str = ""
    answer: str = ""

    @property
    def words(self) -> str:
        """The conditions in words, for the reason of a proposal."""
        told = [WHEN[self.when]] if self.when else []
        told += [self.hours] if self.hours else []
        told += [f"“{self.question}”答“{self.answer}”"] if self.question else []
        return "，".join(told)


def span_of(text: str) -> tuple[time, time]:
    """«22:00-06:00» as two times of day, over midnight when the first is later; raises BadInput."""
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.replace("—", "-").replace("–", "-").split("-"))
    except ValueError:
        raise BadInput({"hours": ["时段请写成 22:00-06:00。"]}) from None
    if first == last:
        raise BadInput({"hours": ["时段的起止不能相同；不限时段请留空。"]})
    return first, last


def within(moment: time, hours: str) -> bool:
    """Whether a time of day lies in a span; its end is no longer inside."""
    first, last = span_of(hours)
    return first <= moment < last if first < last else moment >= first or moment < last


def why_not(asked: Conditions, *, now: datetime, working: bool, answers: Mapping[str, str]) -> str:
    """Why these conditions do not hold, a sentence; empty when they do.

    `now` by the clock on the wall, `working` whether it lies in working hours, `answers` by question.
    """
    if asked.when == WORKING and not working:
        return "只用于工作时间，现在不是工作时间"
    if asked.when == OFF and working:
        return "只用于非工作时间，现在是工作时间"
    if asked.hours and not within(now.time(), asked.hours):
        return f"只用于 {asked.hours}，现在是 {now:%H:%M}"
    if asked.question:
        given = answers.get(asked.question, "")
        if not given:
            return f"要求“{asked.question}”答“{asked.answer}”，这件还没有答复"
        if given != asked.answer:
            return f"要求“{asked.question}”答“{asked.answer}”，这件答的是“{given}”"
    return ""


# -- further questions of a category (补充询问) --------------------------------------------------------

MOST_QUESTIONS, MOST_ANSWER = 5, 200
TYPES = {"text": "文字", "choice": "选择", "yesno": "是或否", "number": "数字", "date": "日期"}


@dataclass(frozen=True, slots=True)
class Question:
    """One further question (补充询问): asked only where the answer changes who goes or how fast."""

    key: str
    text: str
    type: str = "text"
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    unit: str = ""


def questions_of(told: Any) -> list[Question]:
    """The questions of a category from its data; raises BadInput with what is wrong and where."""
    if not isinstance(told, list) or len(told) > MOST_QUESTIONS:
        raise BadInput({"questions": [f"补充询问是一个列表，最多 {MOST_QUESTIONS} 问；问得越多，答的人越少。"]})
    found = [_question(n, each) for n, each in enumerate(told, 1)]
    if len({each.key for each in found}) != len(found):
        raise BadInput({"questions": ["每一问的 key 不能相同。"]})
    return found


def _question(n: int, told: Any) -> Question:
    if not isinstance(told, dict) or not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", str(told.get("key", ""))):
        raise BadInput({"questions": [f"第 {n} 问：key 请用小写字母开头的字母、数字。"]})
    text, choices = str(told.get("text", "")).strip(), told.get("choices") or []
    if not 0 < len(text) <= 60:
        raise BadInput({"questions": [f"第 {n} 问：text 请写 1 到 60 个字。"]})
    kind = str(told.get("type", "")) or ("choice" if choices else "text")
    if kind not in TYPES:
        raise BadInput({"questions": [f"第 {n} 问：type 可用 {'、'.join(TYPES)}。"]})
    fits = isinstance(choices, list) and all(isinstance(c, str) and 0 < len(c) <= 60 for c in choices)
    if not fits or (kind == "choice") != bool(choices):
        raise BadInput({"questions": [f"第 {n} 问：选择题须有 choices，其他题型不填。"]})
    least, most = told.get("min"), told.get("max")
    if any(bound is not None and not isinstance(bound, (int, float)) for bound in (least, most)):
        raise BadInput({"questions": [f"第 {n} 问：min、max 请填数字。"]})
    return Question(str(told["key"]), text, kind, tuple(choices), least, most, str(told.get("unit", ""))[:10])


def answered(questions: Iterable[Question], given: Mapping[str, str]) -> dict[str, str]:
    """What was answered, by question; nobody must answer. Raises BadInput where an answer does not fit its type.

    `given` by the field's name, `q-` and the key.
    """
    found: dict[str, str] = {}
    faults: dict[str, list[str]] = {}
    for question in questions:
        answer = str(given.get(f"q-{question.key}", "")).strip()
        if answer:
            fault = _unfit(question, answer)
            if fault:
                faults[f"q-{question.key}"] = [f"「{question.text}」{fault}"]
            else:
                found[question.text] = f"{answer}{question.unit}" if question.type == "number" else answer
    if faults:
        raise BadInput(faults)
    return found


def _unfit(question: Question, answer: str) -> str:
    """Why an answer does not fit its question; empty when it does."""
    if question.type == "choice" and answer not in question.choices:
        return "请从所列答案中选择。"
    if question.type == "yesno" and answer not in ("是", "否"):
        return "请选是或否。"
    if question.type == "date":
        try:
            date.fromisoformat(answer)
        except ValueError:
            return "请填日期，如 2026-11-26。"
    if question.type == "number":
        return _unfit_number(question, answer)
    return f"最多 {MOST_ANSWER} 个字。" if len(answer) > MOST_ANSWER else ""


def _unfit_number(question: Question, answer: str) -> str:
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,3})?", answer):
        return "请填数字。"
    value = float(answer)
    if question.least is not None and value < question.least:
        return f"不能小于 {question.least:g}。"
    return f"不能大于 {question.most:g}。" if question.most is not None and value > question.most else ""


# -- the tree of categories by day (类别的日期版本) ------------------------------------------------------


def in_force(valid_from: date | None, valid_to: date | None, day: date) -> bool:
    """Whether something dated is in force on a day: from its first day on, its last day no longer."""
    return (valid_from is None or valid_from <= day) and (valid_to is None or day < valid_to)


# -- how urgent (紧急程度规则) ------------------------------------------------------------------------

GRAVITY = ("normal", "urgent", "critical")


@dataclass(frozen=True, slots=True)
class Urging:
    """A rule that makes a report urgent, as values; what is empty fits all."""

    name: str
    urgency: str
    words: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    path: str = ""
    basis: str = ""


def ruled_urgency(rules: Iterable[Urging], *, text: str, place: str, path: str) -> tuple[str, str]:
    """The gravest urgency that a rule gives to such a report, with the sentence that says why; two empty texts for none.

    `path` is the category's path of codes; words of a place are looked for in the place and in the text.
    """
    best, why = "", ""
    for rule in rules:
        word = next((w for w in rule.words if w and w in text), "")
        where = next((w for w in rule.places if w and (w in place or w in text)), "")
        fits_path = not rule.path or path == rule.path or path.startswith(f"{rule.path}/")
        if (rule.words and not word) or (rule.places and not where) or not fits_path:
            continue
        if not best or GRAVITY.index(rule.urgency) > GRAVITY.index(best):
            told = [f"含“{word}”"] if word else []
            told += [f"地点含“{where}”"] if where else []
            told += ["属该类别"] if rule.path else []
            best, why = (
                rule.urgency,
                f"规则「{rule.name}」：{'，'.join(told)}{f'；依据：{rule.basis}' if rule.basis else ''}",
            )
    return best, why[:300]


# -- words that are sought (检索) -------------------------------------------------------------------

_NUMBER = re.compile(r"[0-9０-９](?:[ -]?[0-9０-９]){4,}")
_DIGIT = re.compile(r"[0-9０-９]")
SEASON = 2
"""So many months are a season: cases are sought from the newest season back."""


@dataclass(frozen=True)
class Word:
    """A word that is sought, in small letters."""

    text: str

    @property
    def is_number(self) -> bool:
        """Whether five digits or more stand in a row: then it is looked for in numbers of cases alone.

        A search in the text would tell digit by digit what a mask hides (P9).
        """
        return bool(_NUMBER.search(self.text))

    @property
    def has_digits(self) -> bool:
        """Whether it might be a piece of a longer number."""
        return bool(_DIGIT.search(self.text))

    @property
    def pairs(self) -> set[int]:
        """Its pairs of signs as the database makes them of a text (`handling_keys`); none of a single sign."""
        return {ord(one) * 40503 + ord(two) for one, two in pairwise(self.text)}


def words_of(typed: str) -> list[Word]:
    """The words typed into a search field."""
    return [Word(each) for each in dict.fromkeys(typed.lower().split())]


def season_start(season: int) -> date:
    """The first day of a season (`handling_season`)."""
    year, month = divmod(season * SEASON, 12)
    return date(year, month + 1, 1)


# -- joined cases (并单) ------------------------------------------------------------------------------

JOINS = ("merge", "taken_along", "taken_back")
"""The steps by which a case comes to the main case it is joined to; each says its number."""


def joined_through(steps: Iterable[tuple[str, str]]) -> list[str]:
    """Through which main cases a joined case came where it is: the first it was merged into itself, the last its own now.

    `steps` in their order, each with the number of the main case it led to.
    """
    way: list[str] = []
    for verb, into in steps:
        before = [] if verb == "merge" else way
        way = before[: before.index(into) + 1] if into in before else [*before, into]
    return way


def own_reply(steps: Iterable[tuple[str, str]]) -> str:
    """What was written for a joined case alone (单独答复), of its steps in their order; empty when nothing was.

    Words from before the last merge belong to that time.
    """
    told = ""
    for verb, text in steps:
        told = "" if verb == "merge" else text if verb == "answer_apart" else told
    return told
