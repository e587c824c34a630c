"""The face of the care room for the house above (帮扶室的门面): no file leaves by it."""

from hezhi.chapters.grassroots.care.actions.programmes import load_programmes
from hezhi.engines.org.api import Actor

__all__ = ["load_tables"]


def load_tables(*, by: Actor) -> dict[str, int]:
    """What a new installation begins with: the programmes, none of them open."""
    return {"帮扶项目": load_programmes(by=by)}
