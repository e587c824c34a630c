"""`manage.py migrate`: see `hezhi.wiring.migrating`."""

from hezhi.wiring.migrating import Command

__all__ = ["Command"]
