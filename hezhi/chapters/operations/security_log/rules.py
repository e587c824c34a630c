"""The words of the audit (审计用语): what an event, a field and a detail are called on the screen."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist

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


def event_areas() -> list[tuple[str, list[tuple[str, str]]]]:
    """The same by what they are about (行为领域), in the order of the words file."""
    areas: dict[str, list[tuple[str, str]]] = {name: [] for name in _words()["areas"].values()}
    for code, name in event_choices():
        about = code.partition(".")[0]
        areas.setdefault(_words()["areas"].get(about, about), []).append((code, name))
    return [(area, events) for area, events in areas.items() if events]


def model_name(label: str) -> str:
    """What a kind of row is called (对象类型): «handling.case» → «事件»; empty when there is no such kind."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return ""


def field_name(name: str, label: str = "") -> str:
    """What a field that was read is called: «reporter.phone» → «上报人电话»; else as the kind of row calls it."""
    if name.startswith("file:"):
        return "附件"
    fields = _words()["fields"]
    return fields.get(name) or _own_name(label, name) or "".join(fields.get(part, part) for part in name.split("."))


def _own_name(label: str, name: str) -> str:
    try:
        return str(apps.get_model(label)._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except (LookupError, ValueError, FieldDoesNotExist, AttributeError):
        return ""


@cache
def _tables() -> dict[str, str]:
    """What the rows of each table are called: «handling_case» → «事件»."""
    return {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models()}


def details(
    detail: Mapping[str, Any], label: str = "", names: Mapping[UUID, str] | None = None
) -> list[tuple[str, str]]:
    """The particulars of a row as labels and words (细节); `label` is its kind, `names` what other rows are called."""
    labels = _words()["details"]
    return [(labels.get(key, f"其他({key})"), _said(key, value, label, names or {})) for key, value in detail.items()]


def others(detail: Mapping[str, Any]) -> list[tuple[str, UUID]]:
    """The rows that a deed touched besides its first, by kind and id (其他对象)."""
    found = []
    for kind, key in detail.get("objects", ()):
        with suppress(ValueError):
            found.append((str(kind), UUID(str(key))))
    return found


def _other(kind: str, key: str, names: Mapping[UUID, str]) -> str:
    named = [name for at, name in names.items() if str(at) == key]
    return named[0] if named else f"{model_name(kind) or kind} {key[:8]}"


def _said(key: str, value: Any, label: str, names: Mapping[UUID, str]) -> str:
    if key == "fields":
        return "、".join(field_name(str(each), label) for each in value)
    if key == "objects":
        return "、".join(_other(str(kind), str(id_), names) for kind, id_ in value)
    if key == "files":
        return (
            f"{len(value)} 个,SM3 " + "、".join(str(each.get("sm3", ""))[:12] for each in value)
            if isinstance(value, list)
            else str(value)
        )
    if isinstance(value, Mapping):
        return "、".join(f"{model_name(str(k)) or _tables().get(str(k), k)} {v}" for k, v in value.items())
    if isinstance(value, list):
        return "、".join(map(str, value))
    return {True: "是", False: "否"}.get(value, str(value)) if isinstance(value, bool) else str(value)
