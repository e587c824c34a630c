"""What happens to units, accounts and posts (组织与账号操作), without the question who may do it.

These are the plain functions under the verbs of `chapters.appcentre.users.actions`, which ask for the
right and leave the trace (history and audit lie above this engine). Each expects to run inside the
verb's transaction.
"""

from hezhi.engines.org.actions.accounts import (
    change_password,
    create_account,
    disable,
    enable,
    fresh_password,
    give_first_password,
    remember_password,
    set_expiry,
    unlock,
    unused_accounts,
)
from hezhi.engines.org.actions.first import create_first_administrator
from hezhi.engines.org.actions.posts import (
    create_post,
    create_unit,
    due_work,
    end_holding,
    grant_post,
    move_due_work,
    name_deputy,
    return_from_leave,
    set_role,
)
from hezhi.engines.org.actions.roster import cancel_shift, change_shift, put_on_duty

__all__ = [
    "cancel_shift",
    "change_password",
    "change_shift",
    "create_account",
    "create_first_administrator",
    "create_post",
    "create_unit",
    "disable",
    "due_work",
    "enable",
    "end_holding",
    "fresh_password",
    "give_first_password",
    "grant_post",
    "move_due_work",
    "name_deputy",
    "put_on_duty",
    "remember_password",
    "return_from_leave",
    "set_expiry",
    "set_role",
    "unlock",
    "unused_accounts",
]
