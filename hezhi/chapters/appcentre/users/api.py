"""What other rooms use of user management (用户管理的门面)."""

from hezhi.chapters.appcentre.users.actions import create_first_administrator, load_roles
from hezhi.chapters.appcentre.users.queries import open_work_of
from hezhi.chapters.appcentre.users.rules import permission_names, seed_roles

__all__ = ["create_first_administrator", "load_roles", "open_work_of", "permission_names", "seed_roles"]
