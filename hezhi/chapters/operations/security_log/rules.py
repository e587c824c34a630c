"""The words of the audit (审计用语): what an event, a field and a detail are called on the screen."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps

_FILE = Path(__file__).with_name("data") / "words.toml"

RESULTS = {"ok": "成功", "refused": "被拒绝"}
KINDS = {"staff": "工作人员", "citizen": "市民", "system": "系统自动", "channel": "接入渠道"}
CHANNELS = {
    "officer": "工作台", "gridworker": "网格员端", "citizen": "市民端", "wall": "大屏", "open_api": "开放接口", "job": "后台任务",
}  # fmt: skip


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def event_name(event: str) -> str:
    """What an event is called (行为名称): «cases.accept» → «受理», «org.unit.change» → «修改单位».

    Events that are made of two words (a registry's, or a step done with files or on the phone) are put
    together; one without a name is shown as its code.
    """
    words = _words()
    if event in words["events"]:
        return words["events"][event]
    for ending, told in words["endings"].items():
        if event.endswith(ending):
            return event_name(event.removesuffix(ending)) + told
    label, _, verb = event.rpartition(".")
    noun = model_name(label)
    return words["verbs"][verb] + noun if noun and verb in words["verbs"] else event


def event_choices() -> list[tuple[str, str]]:
    """The events that can be chosen in a search, with their names."""
    return list(_words()["events"].items())


def model_name(label: str) -> str:
    """What a kind of row is called (对象类型): «handling.case» → «事件»; empty when there is no such kind."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return ""


def field_name(name: str) -> str:
    """What a field that was read is called: «reporter.phone» → «上报人电话»."""
    if name.startswith("file:"):
        return "附件"
    fields = _words()["fields"]
    return fields.get(name) or "".join(fields.get(part, part) for part in name.split("."))


def details(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The particulars of a row as labels and words (细节)."""
    labels = _words()["details"]
    return [(labels.get(key, f"其他({key})"), _said(key, value)) for key, value in detail.items()]


def _said(key: str, value: Any) -> str:
    if key == "fields":
        return "、".join(field_name(str(each)) for each in value)
    if key == "objects":
        return "、".join(f"{model_name(kind) or kind} {str(id_)[:8]}" for kind, id_ in value)
    if key == "files":
        return (
            f"{len(value)} 个,SM3 " + "、".join(str(each.get("sm3", ""))[:12] for each in value)
            if isinstance(value, list)
            else str(value)
        )
    if isinstance(value, Mapping):
        return "、".join(f"{model_name(str(k)) or k} {v}" for k, v in value.items())
    if isinstance(value, list):
        return "、".join(map(str, value))
    return {True: "是", False: "否"}.get(value, str(value)) if isinstance(value, bool) else str(value)
