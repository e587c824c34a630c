"""Dictionaries (字典、代码表): lists of codes as data, each code with label, validity, source and «待核对».

A room ships its lists in `data/codes/*.toml` (or .csv); `load` brings them into the table once, from then on
officers change them on screen. Until a list is in the table, the shipped one holds. A model says

    gender = DictionaryField("性别", "gender")

and form, filter, sheet, column and machine interface take the codes from here, old labels for old rows included.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.registry.models import Code
from hezhi.ground import time

FRESH = 20.0
"""Seconds until another process's change of a list is seen here; one's own is seen at once."""
FIRST_DAY = date(2000, 1, 1)
_known: dict[str, tuple[float, list[Code]]] = {}


class DictionaryField(models.CharField):
    """A code of a dictionary (字典字段): `DictionaryField("性别", "gender")`. The label is looked up, never stored."""

    def __init__(self, *args: Any, dictionary: str = "", **kwargs: Any) -> None:
        if not dictionary and len(args) > 1:
            dictionary, args = args[1], args[:1]
        self.dictionary = dictionary
        kwargs.setdefault("max_length", 40)
        kwargs["choices"] = partial(current, dictionary)
        super().__init__(*args, **kwargs)

    @property
    def codes(self) -> Mapping[str, str]:
        """Every code with its label, those no longer valid included; looked up anew each time."""
        return Labels(self.dictionary)

    @property
    def shipped_choices(self) -> list[tuple[str, str]]:
        """The codes as the rooms ship them, for checks that run before there is a table."""
        return [(each.code, each.label) for each in shipped().get(self.dictionary, ())]

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        return name, path, args, kwargs | {"dictionary": self.dictionary}

    def _check_choices(self) -> list[Any]:
        return []  # they stand in the database, which may not be there yet

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """A code that was valid when it was entered stays valid for its row."""
        if value and str(value) in self.codes:
            return
        super().validate(value, model_instance)


class Labels(Mapping[str, str]):
    """The labels of a dictionary as a mapping that is never stale (字典名称)."""

    def __init__(self, dictionary: str) -> None:
        self.dictionary = dictionary

    def _told(self) -> dict[str, str]:
        return {each.code: each.label for each in codes_of(self.dictionary)}

    def __getitem__(self, code: str) -> str:
        return self._told()[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told())

    def __len__(self) -> int:
        return len(self._told())


def current(dictionary: str) -> list[tuple[str, str]]:
    """The codes to choose from today, as (code, label) pairs (现行代码)."""
    day = time.today()
    found = (
        each for each in codes_of(dictionary) if each.valid_from <= day and (not each.valid_to or each.valid_to > day)
    )
    return [(each.code, each.label) for each in found]


def codes_of(dictionary: str) -> list[Code]:
    """Every version of every code, oldest first within its order; the shipped list while the table has none."""
    at, known = _known.get(dictionary, (0.0, []))
    if not known or time.monotonic() - at > FRESH:
        known = list(Code.objects.filter(dictionary=dictionary)) or list(shipped().get(dictionary, ()))
        _known[dictionary] = (time.monotonic(), known)
    return known


def forget() -> None:
    """Forget what was read, after a list was changed here."""
    _known.clear()


def load(*, by: Actor) -> int:
    """Bring the shipped lists into the table (载入字典); a list that is there stays as the officers have it."""
    there = set(Code.objects.values_list("dictionary", flat=True).distinct())
    rows = [row for name, codes in shipped().items() if name not in there for row in codes]
    if rows:
        with acting(by, verb="registry.load_codes") as deed:
            Code.objects.bulk_create(rows)
            deed.detail = {"codes": len(rows)}
        shipped.cache_clear()  # its rows belong to the table now
    forget()
    return len(rows)


@cache
def shipped() -> dict[str, list[Code]]:
    """The lists that rooms bring in `data/codes/`; raises ValueError when two rooms ship one of the same name."""
    found: dict[str, list[Code]] = {}
    for config in apps.get_app_configs():
        for file in sorted((Path(config.path) / "data" / "codes").glob("*.*")):
            for name, codes in (_from_csv if file.suffix == ".csv" else _from_toml)(file):
                if name in found:
                    raise ValueError(f"{file}: the dictionary {name!r} is shipped by another room already")
                found[name] = codes
    return found


def _from_toml(file: Path) -> Iterator[tuple[str, list[Code]]]:
    """`[gender]` with name, source, checked, and `codes = [["1", "男"], …]` or `codes = {1 = "男"}`."""
    for name, told in tomllib.loads(file.read_text("utf-8")).items():
        pairs = told["codes"].items() if isinstance(told["codes"], dict) else told["codes"]
        yield name, _rows(name, told.get("name", name), pairs, told.get("source", ""), told.get("checked", False))


def _from_csv(file: Path) -> Iterator[tuple[str, list[Code]]]:
    """`ethnic_group.csv` with the columns code, label, and optionally source, checked, name."""
    with file.open(encoding="utf-8", newline="") as opened:
        lines = list(csv.DictReader(opened))
    first = lines[0] if lines else {}
    pairs = [(line["code"], line["label"]) for line in lines]
    checked = str(first.get("checked", "")).lower() in ("1", "true", "yes")
    yield file.stem, _rows(file.stem, first.get("name") or file.stem, pairs, first.get("source") or "", checked)


def _rows(dictionary: str, name: str, pairs: Any, source: str, checked: bool) -> list[Code]:
    told = {"dictionary": dictionary, "dictionary_name": name, "source": source, "checked": checked}
    return [
        Code(code=str(code), label=str(label), order=n, valid_from=FIRST_DAY, **told)
        for n, (code, label) in enumerate(pairs)
    ]
