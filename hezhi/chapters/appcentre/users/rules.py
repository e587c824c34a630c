"""The roles and permissions a new installation starts with (初始角色).

What belongs to all stands in this room's data/roles.toml. A room that brings rights of its own tells them in
its data/rights.toml: `[permissions]` with their names, `[[role]]` for roles that only it needs, and `[grants]`
for what it adds to the seed roles (`grid_worker = ["grids.view"]`).
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps

from hezhi.engines.org.api import Role
from hezhi.engines.org.rules import role_fault

_FILE = Path(__file__).parent / "data" / "roles.toml"


@cache
def _read() -> dict[str, Any]:
    """Permissions and roles of the house, each room's own added; raises ValueError when two rooms disagree."""
    told = tomllib.loads(_FILE.read_text("utf-8"))
    for file in _rooms():
        own = tomllib.loads(file.read_text("utf-8"))
        twice = set(told["permissions"]) & set(own.get("permissions", {}))
        if twice:
            raise ValueError(f"{file}: permissions told elsewhere already: {sorted(twice)}")
        told["permissions"] |= own.get("permissions", {})
        told["role"] += own.get("role", [])
        for code, permissions in own.get("grants", {}).items():
            _role_of(told, code, file)["permissions"] += permissions
    return told


def _rooms() -> Iterator[Path]:
    """The rights told by rooms, in the order of the installed apps."""
    for config in apps.get_app_configs():
        file = Path(config.path) / "data" / "rights.toml"
        if file.exists():
            yield file


def _role_of(told: dict[str, Any], code: str, file: Path) -> dict[str, Any]:
    found: dict[str, Any] | None = next((role for role in told["role"] if role["code"] == code), None)
    if found is None:
        raise ValueError(f"{file}: grants to {code}, which is no role")
    return found


def permission_names() -> dict[str, str]:
    """Every permission of the house with its Chinese name."""
    return dict(_read()["permissions"])


def by_area(permissions: Mapping[str, str], text: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
    """Rights by what they are about (权限领域), in the order of declaration; `text` keeps those it stands in."""
    areas: dict[str, list[tuple[str, str]]] = {}
    for code, name in permissions.items():
        area = area_of(code)
        if text in area or text in name or text in code:
            areas.setdefault(area, []).append((code, name))
    return list(areas.items())


def area_of(code: str) -> str:
    """What a right is about: the first word of its code, in Chinese."""
    about = code.partition(".")[0]
    return str(_read()["areas"].get(about, about))


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
