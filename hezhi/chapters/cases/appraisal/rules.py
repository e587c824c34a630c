"""How appraisal thinks (考核规则): a number becomes points, points a total, a total a grade. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
ONLY_REPORTING = ("reported", "valid", "on_the_spot")
"""Counts of reports: alone they are no duty done, and rewarding them makes false reports."""


@dataclass(frozen=True)
class Rule:
    """One item of a template with everything its points follow from, as it is frozen with a round (冻结的指标)."""

    code: str
    name: str
    weight: Decimal
    shape: str
    numerator: str = ""
    denominator: str = ""
    kind: str = ""
    source: str = ""
    urgency: str = ""
    category: str = ""
    step: Decimal = Decimal(0)
    most: Decimal = Decimal(0)
    bands: str = ""
    base: str = ""
    target: Decimal = Decimal(0)
    means: str = ""

    @classmethod
    def thawed(cls, told: Mapping[str, Any]) -> Rule:
        """A rule from its frozen form."""
        numbers = {name: Decimal(told[name]) for name in ("weight", "step", "most", "target")}
        return cls(**{**told, **numbers})

    def frozen(self) -> dict[str, str]:
        """The rule as plain texts."""
        return {name: str(value) for name, value in vars(self).items()}

    @property
    def counts(self) -> bool:
        """Whether its points are counted; else they are given by hand."""
        return self.shape != "manual"

    @property
    def extra(self) -> bool:
        """Whether it adds beyond the full marks (加分项)."""
        return self.shape == "bonus"


def round_(value: Decimal) -> Decimal:
    """Two decimals, half up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def bands(text: str) -> list[tuple[Decimal, Decimal]]:
    """`90:0, 75:2, 0:5` as (at least per cent, deduction), highest first. Raises ValueError when it cannot be read."""
    found = []
    for part in text.replace("，", ",").replace("：", ":").split(","):
        least, _, minus = part.strip().partition(":")
        found.append((Decimal(least.strip()), Decimal(minus.strip())))
    if not found or min(least for least, _ in found) > 0:
        raise ValueError("the lowest band begins at 0")
    return sorted(found, reverse=True)


def points(rule: Rule, numerator: int, denominator: Decimal | None) -> Decimal | None:
    """The points of one item; None where there is nothing to judge by (分母为零不出分), never full marks for nothing.

    `denominator` is the second measure of a rate, or the base of 按面积或人口折算.
    """
    top, whole = Decimal(numerator), denominator
    if rule.shape == "step":
        return round_(max(Decimal(0), rule.weight - rule.step * top))
    if rule.shape == "bonus":
        return round_(min(rule.most or rule.weight, rule.step * top))
    if not whole:
        return None
    if rule.shape == "per_base":
        density = top / whole
        return round_(rule.weight if density <= rule.target else rule.weight * rule.target / density)
    rate = top / whole
    if rule.shape == "rate":
        return round_(rule.weight * rate)
    if rule.shape == "inverse":
        return round_(rule.weight * (1 - rate))
    if rule.shape == "bands":
        minus = next(minus for least, minus in bands(rule.bands) if rate * 100 >= least)
        return round_(max(Decimal(0), rule.weight - minus))
    raise ValueError(f"no such shape: {rule.shape}")


def how(rule: Rule, numerator: int | None, denominator: Decimal | None, gained: Decimal | None) -> str:
    """«这个数是怎么来的»: the points of one item as a sentence a person can recalculate."""
    if rule.shape == "manual":
        return f"人工评分，满分 {plain(rule.weight)} 分"
    top, whole = numerator or 0, plain(denominator) if denominator is not None else ""
    if rule.shape == "step":
        return f"{plain(rule.weight)} − {plain(rule.step)} × {top} 件 = {plain(gained)}，最低 0 分"
    if rule.shape == "bonus":
        return f"{plain(rule.step)} × {top} 件，最多加 {plain(rule.most or rule.weight)} 分 = {plain(gained)}"
    if not denominator:
        return "分母为零，本项不出分，其余各项按比例折算"
    if rule.shape == "per_base":
        return (
            f"{top} ÷ {whole}，不超过 {plain(rule.target)} 得满分 {plain(rule.weight)}，超过按比例减 = {plain(gained)}"
        )
    if rule.shape == "rate":
        return f"{top} ÷ {whole} × {plain(rule.weight)} = {plain(gained)}"
    if rule.shape == "inverse":
        return f"（1 − {top} ÷ {whole}）× {plain(rule.weight)} = {plain(gained)}"
    told = "，".join(f"{plain(least)}% 以上扣 {plain(minus)} 分" for least, minus in bands(rule.bands))
    return f"{top} ÷ {whole} = {plain(round_(Decimal(top) * 100 / denominator))}%；{told}；得 {plain(gained)}"


def plain(value: Decimal | None) -> str:
    """A number without needless noughts."""
    return "—" if value is None else f"{value.normalize():f}"


def total(rules: Sequence[Rule], gained: Mapping[str, Decimal | None]) -> Decimal | None:
    """The total out of the full marks: items without a value are left out and the others stand for them (缺项折算).

    Bonus points come on top. None while what can be judged is less than half of the full marks: too little for a total.
    """
    base = [rule for rule in rules if not rule.extra]
    there = [(rule, value) for rule in base if (value := gained.get(rule.code)) is not None]
    full, judged = sum(rule.weight for rule in base), sum(rule.weight for rule, _ in there)
    if not judged or judged * 2 < full:
        return None
    got = sum((value for _, value in there), Decimal(0))
    more = sum((value for rule in rules if rule.extra and (value := gained.get(rule.code)) is not None), Decimal(0))
    return round_(got * full / judged + more)


def grade(total_: Decimal | None, full: Decimal, good: Decimal, fair: Decimal) -> str:
    """优秀、合格 or 待改进, by the share of the full marks."""
    if total_ is None or not full:
        return ""
    share = total_ * 100 / full
    return "优秀" if share >= good else "合格" if share >= fair else "待改进"


def faults(rule: Rule, level: str = "") -> dict[str, str]:
    """What is wrong with an indicator, by field."""
    found: dict[str, str] = {}
    rated = rule.shape in ("rate", "inverse", "bands")
    if rule.counts and not rule.numerator:
        found["numerator"] = "请选择分子。"
    if rated and not rule.denominator:
        found["denominator"] = "比率要有分母。"
    if rule.shape in ("step", "bonus") and rule.step <= 0:
        found["step"] = "请填写每件的分值。"
    if rule.shape == "bands":
        try:
            bands(rule.bands)
        except (ArithmeticError, ValueError):
            found["bands"] = "分档写作“90:0, 75:2, 0:5”，最低一档从 0 开始。"
    if rule.shape == "per_base" and (not rule.base or rule.target <= 0):
        found["base"] = "请选择折算基数，并填写大于 0 的目标值。"
    if level == "grid_member":
        found |= _of_grid_members(rule)
    return found


def _of_grid_members(rule: Rule) -> dict[str, str]:
    """Grid members are never appraised by how many reports they make (P14)."""
    if rule.shape in ("bonus", "step", "per_base") and rule.numerator in ONLY_REPORTING:
        return {"indicator": "网格员不按上报数量计分，数量考核会带来虚报。请选用处置、核查等质量指标。"}
    if rule.shape == "per_base":
        return {"indicator": "按面积或人口折算只用于镇街。"}
    return {}


def names(rules: Iterable[Rule]) -> str:
    """The names of items, for a sentence."""
    return "、".join(rule.name for rule in rules)
