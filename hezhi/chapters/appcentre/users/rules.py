"""The roles and permissions a new installation starts with (初始角色), read from data/roles.toml."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from hezhi.engines.org.api import Role
from hezhi.engines.org.rules import role_fault

_FILE = Path(__file__).parent / "data" / "roles.toml"


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def permission_names() -> dict[str, str]:
    """Every permission of the house with its Chinese name."""
    return dict(_read()["permissions"])


def seed_roles() -> list[Role]:
    """The seed roles as unsaved rows, checked: no unknown permission, no mixed offices."""
    return [_role(row) for row in _read()["role"]]


def _role(row: dict[str, Any]) -> Role:
    role = Role(**row)
    strange = set(role.permissions) - set(permission_names())
    fault = f"不认识的权限：{strange}" if strange else role_fault(role.kind, role.permissions, role.reach)
    if fault:
        raise ValueError(f"roles.toml, {role.code}: {fault}")
    return role
