"""What the rooms above use of this engine (组织引擎的门面)."""

from hezhi.engines.org.actor import Actor, Scope, actor_of, citizen, holdings_of, reader, system
from hezhi.engines.org.duty import gaps, next_to_call, on_duty, on_duty_here, on_duty_in
from hezhi.engines.org.handover import register as register_handover
from hezhi.engines.org.models import DutyShift, Holding, Post, Role, Unit, User
from hezhi.engines.org.permissions import declare as declare_permissions
from hezhi.engines.org.permissions import name_of as permission_name
from hezhi.engines.org.queries import (
    accounts_to_look_at,
    holders_of,
    post_holders,
    search_people,
    unit_for,
    unit_tree,
    units,
    units_below,
    units_for,
)
from hezhi.engines.org.rights import beat, needs, open_to_all, signed_in
from hezhi.engines.org.scope import Scoped, ScopedQuerySet, within
from hezhi.engines.org.sign_in import address_of, ask_to_sign_in, has_second_factor

__all__ = [
    "Actor",
    "DutyShift",
    "Holding",
    "Post",
    "Role",
    "Scope",
    "Scoped",
    "ScopedQuerySet",
    "Unit",
    "User",
    "accounts_to_look_at",
    "actor_of",
    "address_of",
    "ask_to_sign_in",
    "beat",
    "citizen",
    "declare_permissions",
    "gaps",
    "has_second_factor",
    "holders_of",
    "holdings_of",
    "needs",
    "next_to_call",
    "on_duty",
    "on_duty_here",
    "on_duty_in",
    "open_to_all",
    "permission_name",
    "post_holders",
    "reader",
    "register_handover",
    "search_people",
    "signed_in",
    "system",
    "unit_for",
    "unit_tree",
    "units",
    "units_below",
    "units_for",
    "within",
]
