"""How return visits are drawn (回访抽样) and counted (满意率): values in, values out."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

MUST = {"redone": "重办过的件逐件回访", "unhappy": "上报人评价不满意，逐件回访"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the rules (回访规则); empty conditions fit all."""

    key: str
    name: str
    share: int
    seed: str
    category: tuple[str, ...] = ()
    kind: str = ""
    valid_from: date = date.min
    valid_to: date | None = None


def best(rules: Iterable[Rule], *, category: Sequence[str], kind: str, day: date) -> Rule | None:
    """The rule that speaks for a case: the deepest category first, then the kind; the younger of two alike."""
    fitting = [
        r for r in rules
        if r.category == tuple(category[: len(r.category)]) and r.kind in ("", kind)
        and r.valid_from <= day and (r.valid_to is None or day <= r.valid_to)
    ]  # fmt: skip
    return max(fitting, key=lambda r: (len(r.category), bool(r.kind), r.valid_from, r.name), default=None)


def lot(seed: str, number: str) -> float:
    """The lot of a case, from 0 up to 100 with two places (抽样值): the same for the same seed and number, always."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(digest[:8]) % 10_000 / 100


def drawn(rule: Rule | None, number: str, must: str = "") -> tuple[bool, str]:
    """Whether a case is called back, and the sentence that tells why («为什么抽到这件»)."""
    if must:
        return True, f"{MUST[must]}。"
    if rule is None:
        return True, "没有适用的抽样规则，逐件回访。"
    if rule.share >= 100:
        return True, f"规则「{rule.name}」：逐件回访。"
    mine = lot(rule.seed, number)
    hit = mine < rule.share
    told = f"规则「{rule.name}」抽取 {rule.share}%：按种子「{rule.seed}」和编号 {number} 计算得 {mine:.2f}"
    return hit, f"{told}，{'小于' if hit else '不小于'} {rule.share}，{'抽中' if hit else '未抽中'}。"


_OF_THE_UNIT = re.compile(r"承办单位.*联系")
_NUMBERED = re.compile(r"^\d+(?=[.、．])")


def script_for(script: str, *, had_unit: bool) -> str:
    """The script as this call needs it (回访话术): where no unit had the case, nobody asks whether it called."""
    if had_unit:
        return script
    lines = [line for line in script.splitlines() if not _OF_THE_UNIT.search(line)]
    told, n = [], 0
    for line in lines:
        n += bool(_NUMBERED.match(line))
        told.append(_NUMBERED.sub(str(n), line))
    return "\n".join(told)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one reached reporter said (回访结论)."""

    solved: bool | None
    satisfied: bool | None
    process: bool | None
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts and shares in percent (解决率、满意率); None where nothing was counted."""

    counted: int
    excluded: int
    solved: float | None
    satisfied: float | None
    process: float | None


def rates(verdicts: Iterable[Verdict]) -> Rates:
    """The rates over what counts: verdicts that were excluded stand apart and change no share."""
    rows = list(verdicts)
    counted = [v for v in rows if not v.excluded]
    return Rates(
        counted=len(counted), excluded=len(rows) - len(counted), solved=_share([v.solved for v in counted]),
        satisfied=_share([v.satisfied for v in counted]), process=_share([v.process for v in counted]),
    )  # fmt: skip


def _share(answers: Iterable[bool | None]) -> float | None:
    said = [a for a in answers if a is not None]
    return round(100 * sum(said) / len(said), 1) if said else None
