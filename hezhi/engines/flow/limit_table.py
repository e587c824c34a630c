"""The table of limits is asked before it changes (时限规则表): no matter without a limit, no two that contradict each other."""

from collections.abc import Mapping

from hezhi.engines.flow.models import LimitRule
from hezhi.engines.flow.rules.limits import check_rules
from hezhi.engines.flow.timing import table_of
from hezhi.ground import time
from hezhi.ground.errors import NotNow


def may_write(row: LimitRule, names: Mapping[str, str]) -> None:
    """Refuse a rule that is written or closed, when the table with it would have a fault; within the caller's verb.

    `names` are the stages by their codes. A stage that had a limit for everything (兜底) keeps one.
    """
    before = _locked()
    _stand([*(each for each in before if each.pk != row.pk), row], before, names)


def must_stand(names: Mapping[str, str]) -> None:
    """Refuse what was written in this transaction when the table as a whole has a fault now."""
    rows = _locked()
    _stand(rows, rows, names)


def _locked() -> list[LimitRule]:
    """Every rule, held: two that take away one catch-all each are not to meet."""
    return list(LimitRule.objects.select_for_update().order_by("pk"))


def _stand(after: list[LimitRule], before: list[LimitRule], names: Mapping[str, str]) -> None:
    today = time.today()
    once = {rule.stage for rule in table_of([*before, *after]) if rule.is_general}
    rules = [r for r in table_of(after) if not r.never and (r.valid_until is None or r.valid_until >= today)]
    stages = {stage: _named(names.get(stage, stage)) for stage in sorted(once)}
    faults = check_rules(rules, since=today, stages=stages)
    if faults:
        raise NotNow(
            what=faults[0],
            meaning="所以没有保存。",
            remedy="请先登记或调整同一环节的规则，使每一天都有且只有一条兜底，再做这项修改。",
            code="flow.limit_table",
        )


def _named(stage: str) -> str:
    return stage if stage.endswith(("时限", "期限")) else f"{stage}时限"
