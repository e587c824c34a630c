"""The flow a case follows (事件类型的流程): the version of its kind that was in force when it came in."""

from hezhi.chapters.cases.handling.flows import CASE
from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.flow import versions
from hezhi.engines.flow.rules.life_cycle import LifeCycle, Verb
from hezhi.ground.errors import NotNow


def flow_of(case: Case) -> LifeCycle:
    """The life cycle of this case."""
    return versions.cycle_for(CASE, case.kind, case.recorded_at)


def declared_for(case: Case, code: str) -> Verb:
    """A verb as the flow of this case has it. Raises NotNow when the flow leaves it out."""
    found = next((verb for verb in flow_of(case).verbs if verb.code == code), None)
    if found is None:
        name = next(verb.name for verb in CASE.verbs if verb.code == code)
        raise NotNow(
            f"{case.get_kind_display()}的流程里没有「{name}」。", "这一类事件不办理这个动作。", "请选择页面上列出的下一步。",
            code="cases.verb_left_out",
        )  # fmt: skip
    return found
