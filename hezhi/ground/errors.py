"""Refusals: letters to a tired person (答复).

An expected «no» is an exception that already carries its letter: what happened, what it means,
what to do, and a number to quote on the phone. Pages and APIs only deliver it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import ClassVar

from hezhi.ground.ids import SIGNS
from hezhi.ground.time import today

__all__ = ["BadInput", "NotAllowed", "NotFound", "NotNow", "Refusal", "quote_number"]

_ENDS = "。!?！？;；:：…"


def quote_number() -> str:
    """A reference that can be read out on the phone: `261122-7K3MXQ` (day, six random signs)."""
    return f"{today():%y%m%d}-" + "".join(secrets.choice(SIGNS) for _ in range(6))


class Refusal(Exception):
    """The base of every expected refusal.

    `code` is for machines and stable (snake case); `what`, `meaning` and `remedy` are Chinese
    sentences; `number` is the reference, the same on the screen and in the log. A subclass may
    give default sentences as class attributes.
    """

    status: ClassVar[int] = 400
    code: str = "refused"
    what: str = "这一步没有办成"
    meaning: str = ""
    remedy: str = ""

    def __init__(
        self,
        what: str = "",
        meaning: str = "",
        remedy: str = "",
        *,
        code: str = "",
        number: str = "",
    ) -> None:
        super().__init__(what, meaning, remedy)
        self.code = code or self.code
        self.what = what or self.what
        self.meaning = meaning or self.meaning
        self.remedy = remedy or self.remedy
        self.number = number or quote_number()

    def __str__(self) -> str:
        sentences = (self.what, self.meaning, self.remedy)
        return "".join(_ended(s) for s in sentences if s) + f"（错误编号 {self.number}）"

    def as_dict(self) -> dict[str, object]:
        """The letter as plain values, for an API's answer."""
        return {
            "code": self.code,
            "what": self.what,
            "meaning": self.meaning,
            "remedy": self.remedy,
            "number": self.number,
        }


class NotAllowed(Refusal):
    """This person may not do this (无权)."""

    status = 403
    code = "not_allowed"
    what = "您没有办理这一步的权限"
    meaning = "系统没有做任何改动"
    remedy = "如确需办理，请联系本单位管理员调整岗位或权限"


class NotFound(Refusal):
    """There is nothing here, or nothing that this person may know of (未找到)."""

    status = 404
    code = "not_found"
    what = "没有找到这条内容"
    meaning = "它可能已被移走，或不在您的查看范围内"
    remedy = "请核对编号后再查一次"


class NotNow(Refusal):
    """The state of things does not allow it now, or somebody was quicker (此时不可)."""

    status = 409
    code = "not_now"
    what = "现在不能办理这一步"
    meaning = "事项的状态已经变化，可能有同事先一步处理了"
    remedy = "请刷新后查看最新状态，您填写的内容仍然保留"


class BadInput(Refusal):
    """What was entered cannot be taken as it is (填写有误).

    `fields` maps a field's name to its sentences; the name "" stands for the form as a whole.
    """

    status = 422
    code = "bad_input"
    meaning = "内容尚未保存，已填写的部分仍然保留"
    remedy = "请按提示更正后重新提交"

    def __init__(
        self,
        fields: Mapping[str, Sequence[str] | str] | None = None,
        what: str = "",
        meaning: str = "",
        remedy: str = "",
        *,
        code: str = "",
        number: str = "",
    ) -> None:
        self.fields = {name: _as_list(said) for name, said in (fields or {}).items()}
        count = sum(map(len, self.fields.values()))
        what = what or (f"有 {count} 处需要更正" if count else "填写的内容需要更正")
        super().__init__(what, meaning, remedy, code=code, number=number)
        self.args = (self.fields, what, meaning, remedy)

    def __str__(self) -> str:
        told = "".join(_ended(s) for said in self.fields.values() for s in said)
        rest = "".join(_ended(s) for s in (self.meaning, self.remedy) if s)
        start = self.what.rstrip("。") + "：" if told else _ended(self.what)
        return f"{start}{told}{rest}（错误编号 {self.number}）"

    def as_dict(self) -> dict[str, object]:
        return {**super().as_dict(), "fields": self.fields}


def _as_list(said: Sequence[str] | str) -> list[str]:
    return [said] if isinstance(said, str) else list(said)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(tuple(_ENDS)) else sentence + "。"
