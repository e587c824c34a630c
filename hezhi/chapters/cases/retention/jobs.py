"""What the clock does here (每晚匿名): only where a district has settled a term and switched the nightly run on."""

from hezhi.chapters.cases.retention import actions, queries
from hezhi.engines.org.actor import system


def nightly() -> int:
    """Make some hundred reporters nameless whose term is over; gives how many."""
    term = queries.term()
    if term is None or not term.nightly or not queries.due(queries.edge_of(term)).exists():
        return 0
    return int(actions.run(by=system("到期匿名")).counts["total"])
