"""The forbidden things (禁止清单): a checker of the limits P1–P14 over the house as it stands.

`docs/data-protection.md` tells the limits. Here each becomes a guard that looks at models, registries,
addresses, sources, templates, scripts, data files and requirements, and refuses with a sentence that names
the limit. What a declaration says is checked when the program starts (`at_start`); what only the sources
show is checked by `make check` (`everywhere`). How the software behaves is held by the tests of each room.
"""

from hezhi.wiring.limits.findings import LIMITS, Finding
from hezhi.wiring.limits.guards import at_start, everywhere
from hezhi.wiring.limits.looking import world
from hezhi.wiring.limits.world import World

__all__ = ["LIMITS", "Finding", "World", "at_start", "everywhere", "world"]
