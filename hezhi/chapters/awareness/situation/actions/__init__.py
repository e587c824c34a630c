"""The verbs of the situation room (态势分析, 9.1.4-2)."""

from hezhi.chapters.awareness.situation.actions.models import publish_model, retire_model, run_model, run_models
from hezhi.chapters.awareness.situation.actions.reports import reader_in, run, run_due, set_receivers
from hezhi.chapters.awareness.situation.actions.weather import fetch_weather

__all__ = [
    "fetch_weather", "publish_model", "reader_in", "retire_model", "run", "run_due", "run_model", "run_models", "set_receivers",
]  # fmt: skip
