"""What retention says beside a case that was erased (已清除)."""

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.retention.actions.erasing import GONE
from hezhi.chapters.cases.retention.models import Erased
from hezhi.engines.org.actor import Actor


def beside_case(by: Actor, case: Case) -> Beside | None:
    """When and by whose yes its words went; nothing is asked of the database for other cases."""
    row = Erased.objects.filter(case=case).select_related("run").first() if case.title == GONE else None
    return Beside(template="retention/beside_case.html", context={"row": row}) if row else None
