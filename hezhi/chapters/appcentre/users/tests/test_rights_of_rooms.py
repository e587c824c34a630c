"""A room tells its own rights (各模块自带权限): one file, and the seed roles hold them."""

from pathlib import Path

import pytest

from hezhi.chapters.appcentre.users import rules

TOLD = """
[permissions]
"wells.view" = "查看水井"

[[role]]
code = "well_keeper"
name = "管井员"
reach = "area"
clearance = 1
description = "看管水井"
permissions = ["wells.view", "reach.inbox"]

[grants]
grid_worker = ["wells.view"]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A room with a rights file; nothing read before is believed."""

    def tell(text: str) -> None:
        file = tmp_path / "rights.toml"
        file.write_text(text, "utf-8")
        monkeypatch.setattr(rules, "_rooms", lambda: iter([file]))
        rules._read.cache_clear()

    yield tell
    rules._read.cache_clear()


def test_a_room_brings_permissions_roles_and_grants(room):
    room(TOLD)
    roles = {role.code: role for role in rules.seed_roles()}
    assert rules.permission_names()["wells.view"] == "查看水井"
    assert roles["well_keeper"].permissions == ["wells.view", "reach.inbox"]
    assert "wells.view" in roles["grid_worker"].permissions
    assert "wells.view" not in roles["acceptor"].permissions


def test_a_permission_told_twice_stops_the_start(room):
    room('[permissions]\n"cases.view" = "查看"\n')
    with pytest.raises(ValueError, match=r"cases\.view"):
        rules.seed_roles()


def test_a_grant_to_nobody_stops_the_start(room):
    room('[grants]\nnobody = ["cases.view"]\n')
    with pytest.raises(ValueError, match="nobody"):
        rules.seed_roles()
