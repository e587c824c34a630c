"""What the clock does here (每晚匿名、执行已批准的清除): only where a district has settled a term and switched the nightly run on."""

from hezhi.chapters.cases.retention import actions, queries
from hezhi.engines.org.actor import system


def nightly() -> int:
    """Make some hundred reporters nameless whose term is over; gives how many."""
    term = queries.term()
    if term is None or not term.nightly or not queries.due(queries.edge_of(term)).exists():
        return 0
    return int(actions.run(by=system("到期匿名")).counts["total"])


def erase() -> int:
    """Erase some of the cases whose erasure was approved; gives how many."""
    return actions.erase_approved()
