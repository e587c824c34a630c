"""History of units, roles, people, posts, holdings and the roster (组织变更历史).

The engine `org` lies below this one and cannot ask for its own history; so each of its tables is
tracked here through a proxy. The triggers stand on the org tables and belong to this room's migrations.
Neither passwords nor the daily marks of use are kept.
"""

from hezhi.engines.org import models as org
from hezhi.engines.records.history import tracked


@tracked()
class TrackedUnit(org.Unit):
    """Every version of a unit (单位变更)."""

    class Meta:
        proxy = True
        verbose_name = "单位"


@tracked()
class TrackedRole(org.Role):
    """Every version of a role: who changed what may be done (角色授权变更)."""

    class Meta:
        proxy = True
        verbose_name = "角色"


@tracked(exclude=["password", "last_login", "last_seen_at"])
class TrackedUser(org.User):
    """Every version of an account, without its password (账号变更)."""

    class Meta:
        proxy = True
        verbose_name = "人员"


@tracked()
class TrackedPost(org.Post):
    """Every version of a post (岗位变更)."""

    class Meta:
        proxy = True
        verbose_name = "岗位"


@tracked()
class TrackedHolding(org.Holding):
    """Every version of a holding: who gave which post to whom, and why (任职变更)."""

    class Meta:
        proxy = True
        verbose_name = "任职"


@tracked()
class TrackedDutyShift(org.DutyShift):
    """Every version of a line of the roster (值班表变更)."""

    class Meta:
        proxy = True
        verbose_name = "值班"
