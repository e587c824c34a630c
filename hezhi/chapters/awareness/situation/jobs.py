"""What the situation room does by the clock (定时生成态势报告、运行模型)."""

from hezhi.chapters.awareness.situation import actions
from hezhi.engines.org.api import system
from hezhi.ground import time

FROM_HOUR = 7


def reports() -> int:
    """From seven in the morning: make the reports and run the models whose day has come."""
    if time.local(time.now()).hour < FROM_HOUR:
        return 0
    return actions.run_due(system("态势报告")) + actions.run_models(system("分析模型"))


def weather() -> int:
    """Take the days of the weather source in, where the installation has one; gives how many days were new or corrected."""
    return actions.fetch_weather(system("气象数据接入"))
