"""Guards over promises (承诺的数值和项目): minutes, days, rows and the programmes a new installation starts with."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hezhi.wiring.limits.findings import Finding
from hezhi.wiring.limits.people import People
from hezhi.wiring.limits.tables import HIV
from hezhi.wiring.limits.world import World
from hezhi.wiring.places import CHECKOUT

PROGRAMMES = CHECKOUT / "hezhi/chapters/grassroots/care/data/programmes.toml"
MOST: Mapping[str, tuple[str, float, str]] = {
    "glass_minutes": ("P7", 60, "紧急查阅最长 60 分钟"),
    "glass_review_days": ("P7", 3, "紧急查阅须在 3 个工作日内复核"),
    "export_hours": ("P10", 24, "导出链接最长 24 小时"),
    "export_rows": ("P10", 500, "个人信息一次最多导出 500 行"),
    "rights_days": ("P11", 15, "个人信息请求 15 个工作日内答复"),
    "review_days": ("P12", 184, "档案最迟六个月复核一次"),
    "pages_a_day": ("P6", 30, "一人一天打开超过 30 页档案须告警"),
}
LEAST: Mapping[str, tuple[str, float, str]] = {
    "glass_sentence": ("P7", 15, "紧急查阅须写明至少 15 个字的理由"),
    "fewest_told": ("P6", 10, "不满 10 人的数不显示"),
}
RIGHTS = {"see", "correct", "delete", "object", "withdraw"}
NEEDED = ("purpose", "basis", "duty_holder", "items", "recipients", "keep_months", "notice", "team", "ends_when")
FORBIDDEN_ITEMS = {
    "offence", "sentence", "prison", "risk", "risk_level", "danger", "diagnosis", "test_results", "infection_route", "hospital",
    "status", "position", "positions", "device_data", "whereabouts", "travel", "school_discipline", "photo", "service_number",
    "rank", "troop", "income_score", "attention_level", "reoffending", "admission_reason", "stability_grade",
}  # fmt: skip
HEALTH_ITEMS = {"consent", "helper", "aid"}
OFF_AT_FIRST = {"health_a", "youth_01", "youth_02"}


def facts(programmes: Path = PROGRAMMES) -> dict[str, Any]:
    """The promises as the code keeps them now, and the seed programmes."""
    from hezhi.engines.registry.declaration import Registry
    from hezhi.engines.registry.exports import LIVES

    found: dict[str, Any] = {"export_hours": LIVES.total_seconds() / 3600, "export_rows": Registry.export_rows_personal}
    try:
        from hezhi.chapters.grassroots.care import rules
    except ImportError:
        return found
    found |= {
        "glass_minutes": rules.GLASS_LASTS.total_seconds() / 60,
        "glass_review_days": rules.GLASS_REVIEW_DAYS,
        "glass_sentence": rules.GLASS_SENTENCE,
        "rights_days": rules.RIGHTS_DAYS,
        "rights_kinds": set(rules.RIGHTS),
        "review_days": rules.LONGEST_REVIEW.days,
        "pages_a_day": rules.PAGES_A_DAY,
        "fewest_told": rules.FEWEST_TOLD,
    }
    if programmes.exists():
        found["programmes"] = tomllib.loads(programmes.read_text("utf-8"))["programme"]
    return found


def promises_are_kept(world: World, people: People) -> Iterator[Finding]:
    """No number of the limits is stretched."""
    for name, (limit, most, said) in MOST.items():
        if world.facts.get(name, 0) > most:
            yield Finding(limit, name, f"{said}，现为 {world.facts[name]:g}")
    for name, (limit, least, said) in LEAST.items():
        if world.facts.get(name, least) < least:
            yield Finding(limit, name, f"{said}，现为 {world.facts[name]:g}")
    missing = RIGHTS - world.facts.get("rights_kinds", RIGHTS)
    if missing:
        yield Finding("P11", "rights", f"少了个人的权利：{'、'.join(sorted(missing))}")


def programmes_are_lawful(world: World, people: People) -> Iterator[Finding]:
    """A programme says purpose, basis, duty, items, recipients, term and notice; the strict ones start as the law has them."""
    for told in world.facts.get("programmes", ()):
        code = str(told.get("code", "?"))
        yield from _complete(code, told)
        yield from _health(code, told)
        forbidden = FORBIDDEN_ITEMS & set(told.get("items", ()))
        if forbidden:
            yield Finding("P13", code, f"登记了不该收集的内容：{'、'.join(sorted(forbidden))}")
        if code in OFF_AT_FIRST and told.get("on", False):
            yield Finding("P5" if code == "health_a" else "P13", code, "这个项目在新装系统里应当关闭")
        if "上访" in str(told.get("category", "")) or "信访" in str(told.get("category", "")):
            yield Finding("P4", code, "信访不设人员项目，只登记信访事项")
        if told.get("on_map") or told.get("exports"):
            yield Finding("P8" if told.get("on_map") else "P10", code, "帮扶项目不上图、不导出")


def _complete(code: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    missing = [name for name in NEEDED if not told.get(name)]
    if missing:
        yield Finding("P13", code, f"项目没有写明 {'、'.join(missing)}")
    if not 1 <= told.get("review_months", 6) <= 6:
        yield Finding("P12", code, f"复核期 {told.get('review_months')} 个月，超过六个月")


def _health(code: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    if not (code == "health_a" or HIV.search(str(told))):
        return
    beyond = set(told.get("items", ())) - HEALTH_ITEMS
    if beyond:
        yield Finding("P5", code, f"只能登记同意、帮助人和救助，不得登记 {'、'.join(sorted(beyond))}")
    if not (told.get("strict") and told.get("needs_order") and told.get("two_people")):
        yield Finding("P5", code, "须凭卫生主管部门文件、指定专人、两人同时在场才能打开")


GUARDS = (promises_are_kept, programmes_are_lawful)
