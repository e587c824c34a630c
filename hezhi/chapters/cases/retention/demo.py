"""Terms in the demo district (演示数据): both settled by the one who keeps them, and tried out; nothing is due yet."""

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.demo import cast
from hezhi.chapters.cases.retention import actions
from hezhi.chapters.cases.retention.models import Kind, Term

NAMES = (24, "《示例区群众诉求信息保存办法》第五条（示例）")
CASES = (120, "《示例区群众诉求信息保存办法》第七条（示例）")


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    if Term.objects.exists() or not Case.objects.exists():
        return
    keeper = cast().at_centre("data_keeper")
    for kind, (months, basis) in ((Kind.REPORTER, NAMES), (Kind.CASE, CASES)):
        actions.settle_term(by=keeper, months=months, basis=basis, nightly=kind == Kind.REPORTER, kind=kind)
    actions.try_out(by=keeper)
    actions.try_erasing(by=keeper)
