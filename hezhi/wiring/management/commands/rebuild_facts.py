"""`manage.py rebuild_facts`: make all facts of statistics again from the history of the cases (重建环节事实)."""

from typing import Any

from django.core.management.base import BaseCommand

from hezhi.chapters.cases.statistics.api import rebuild


class Command(BaseCommand):
    """May run while the house works: each piece of cases is made anew in a transaction of its own."""

    help = "由事件的办理过程重建全部统计事实"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"已重建 {rebuild()} 条环节事实。")
