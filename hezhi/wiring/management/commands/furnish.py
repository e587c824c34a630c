"""`manage.py furnish`: what every installation needs before it opens (初始化): keys, roles, tables, templates."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from hezhi.chapters.appcentre.users.api import load_roles
from hezhi.chapters.cases.handling.actions.tables import load_tables
from hezhi.engines.org.actor import system
from hezhi.engines.reach.api import load_templates
from hezhi.engines.records.vault import create_key_ring
from hezhi.engines.registry import dictionaries

ROOMS: tuple[str, ...] = (
    "cases.supervision",
    "cases.statistics",
    "cases.appraisal",
    "cases.return_visit",
    "cases.platform",
    "cases.whistle",
    "grassroots.grids",
    "grassroots.registers",
    "grassroots.care",
    "grassroots.party",
    "awareness.early_warning",
)
"""Rooms with tables of their own to begin with, in this order: `api.load_tables(by=…)` gives what was new, by name."""


class Command(BaseCommand):
    """Idempotent: what is there stays as it is."""

    help = "载入密钥、角色、字典和消息模板，已有的不改动"

    def handle(self, *args: Any, **options: Any) -> None:
        by = system("初始化")
        made = create_key_ring(settings.HEZHI_HOME / "keys")
        if made:
            self.stdout.write(f"新建密钥 {len(made)} 个，请立即备份 {settings.HEZHI_HOME / 'keys'}")
        load_roles()
        counts = load_tables(by=by)
        for room in ROOMS:
            counts |= import_module(f"hezhi.chapters.{room}.api").load_tables(by=by)
        counts["字典项"] = dictionaries.load(by=by)
        counts["消息模板"] = load_templates(by=by)
        self.stdout.write("、".join(f"{name} {n}" for name, n in counts.items() if n) or "初始字典已齐全")
