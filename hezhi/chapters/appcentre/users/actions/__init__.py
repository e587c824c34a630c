"""The verbs of user management (用户管理操作): who may, is it allowed, do it, leave the trace.

The system administrator keeps accounts and units, the security administrator proposes posts and roles, a
second person approves them; none does another's part, and nobody does anything for himself
(GB/T 22239-2019 8.1.4.2).
"""

from hezhi.chapters.appcentre.users.actions.accounts import (
    change_own_password,
    create_account,
    create_first_administrator,
    create_post,
    disable,
    disable_unused,
    enable,
    load_roles,
    move_due_work,
    set_expiry,
    switch_post,
    unlock,
)
from hezhi.chapters.appcentre.users.actions.granting import (
    countersigners,
    end_holding,
    name_deputy,
    propose_deputy,
    propose_grant,
    propose_role,
    return_from_leave,
)
from hezhi.chapters.appcentre.users.actions.resetting import propose_factor_reset, reset_password

__all__ = [
    "change_own_password",
    "countersigners",
    "create_account",
    "create_first_administrator",
    "create_post",
    "disable",
    "disable_unused",
    "enable",
    "end_holding",
    "load_roles",
    "move_due_work",
    "name_deputy",
    "propose_deputy",
    "propose_factor_reset",
    "propose_grant",
    "propose_role",
    "reset_password",
    "return_from_leave",
    "set_expiry",
    "switch_post",
    "unlock",
]
