"""Columns (列): how one value of a row is read, shown, sorted and written out.

The same column serves the list, the detail page, the export and the machine interface, so a mask that
is set here holds everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.utils.html import strip_tags

from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.ground.masks import Kind, mask
from hezhi.ground.paths import follow, path_label
from hezhi.ground.ui.spans import NOTHING
from hezhi.ground.ui.templatetags.ui import state_badge
from hezhi.ground.words import in_words, label_path

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

Value = Callable[[Any], Any]
Names = Sequence[str]
F = TypeVar("F", bound=Callable[..., Any])
LONG = 60


@dataclass(frozen=True)
class Column:
    """A column (列): `value` is the plain value of a row, `text` what a person reads.

    `kind` is the UI kit's: title, code, number, time, state, plain. `order` is the path to sort by, empty
    when it cannot be sorted. `related` are the foreign keys to fetch with the row, `reads` the long fields.
    `path` is where the value stands in the database, empty for one that only a method knows. `mask_kind`
    says that neither value nor text may leave the server in clear. `annotations` are fetched with the rows.
    """

    name: str
    label: str
    value: Value
    kind: str = "plain"
    order: str = ""
    related: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    path: str = ""
    field: models.Field[Any, Any] | None = None
    choices: Mapping[Any, str] | None = None
    mask_kind: Kind | None = None
    drawn: Value | None = None
    annotations: Mapping[str, Any] = dataclass_field(default_factory=dict)

    def plain(self, row: Any) -> Any:
        """The value for an export or the machine interface: masked where it must be."""
        value = self.value(row)
        return mask(self.mask_kind, in_words(value)) if self.mask_kind else value

    def words(self, row: Any) -> str:
        """The value in words, for a sheet: labels instead of codes, «是» and «否», nothing as nothing."""
        value = self.plain(row)
        if self.choices is not None and isinstance(value, list):
            return "、".join(self.choices.get(code, str(code)) for code in value)
        if self.choices is not None and value in self.choices:
            return self.choices[value]
        return in_words(value)

    def text(self, row: Any) -> Any:
        """The value on a screen: a coloured state, a shortened text, a dash for nothing."""
        if self.drawn is not None:
            return self.drawn(row) or NOTHING
        words = self.words(row)
        if self.kind == "state" and words:
            return state_badge(str(self.value(row)), words)
        return words or NOTHING


def column(
    label: str, *, value: str = "", kind: str = "plain", order: str = "", related: Names = (), reads: Names = ()
) -> Callable[[F], F]:
    """Make a method of the declaration a column: `@column("时限", kind="time", order="due_at")`.

    The method draws the cell; `value` names the field that exports and machines get in its place, else
    they get the words drawn. `related` names the foreign keys the method follows and `reads` the long fields
    it needs, so that both are fetched with the rows. What it reads behind a key may be named too (`town__name`);
    then nothing else of that row is fetched.
    """

    def declare(method: F) -> F:
        told = {"label": label, "kind": kind, "order": order, "related": tuple(related), "reads": tuple(reads)}
        method.column, method.value_path = told, value  # type: ignore[attr-defined]
        return method

    return declare


def column_of(registry: Registry, name: str) -> Column:
    """The column that a declaration means by a name: a method of its own, a part's, or a field's path.

    Raises FieldDoesNotExist for a name that is none of these.
    """
    method = getattr(registry, name, None)
    told = getattr(method, "column", None)
    if told is not None and callable(method):
        path = method.value_path  # type: ignore[union-attr]
        field = follow(registry.model, path)[0] if path else None
        value = _reader(path) if path else lambda row: "" + strip_tags(method(row))  # a plain str again
        return Column(name=name, value=value, drawn=method, field=field, path=path, **told)
    for part in registry.parts:
        brought = part.columns(registry)
        if name in brought:
            return brought[name]
    return _field_column(registry, name)


def _field_column(registry: Registry, path: str) -> Column:
    field, related = follow(registry.model, path)
    last = path.rpartition("__")[2]
    choices = label_map(field)
    if isinstance(field, models.ForeignKey):
        related = (*related, path)
        order = f"{path}__{label_path(field.remote_field.model)}"
    else:
        order = path if _can_sort(field) else ""
    return Column(
        name=path,
        label=str(field.verbose_name) if last == path else path_label(registry.model, path),
        value=_reader(path),
        kind=_kind(registry, path, field),
        order="" if path in registry.mask_kinds else order,
        related=related,
        path=path,
        field=field,
        choices=choices,
        mask_kind=registry.mask_kinds.get(path),
    )


def label_map(field: Any) -> Mapping[Any, str] | None:
    """The labels of a field's codes: a dictionary's are looked up anew each time, a declaration's are told once."""
    field = getattr(field, "base_field", field)  # a list of codes is told by the labels of its codes
    if hasattr(field, "codes"):
        return field.codes  # type: ignore[no-any-return]
    return dict(field.flatchoices) if getattr(field, "flatchoices", None) else None


def _reader(path: str) -> Value:
    steps = path.split("__")
    if len(steps) == 1:
        name = steps[0]
        return lambda row: getattr(row, name)

    def read(row: Any) -> Any:
        for step in steps:
            if row is None:
                return None
            row = getattr(row, step)
        return row

    return read


def _can_sort(field: models.Field[Any, Any]) -> bool:
    unordered = models.JSONField | models.BinaryField | SealedTextField
    return not isinstance(field, unordered) and not hasattr(field, "geom_type")


def _kind(registry: Registry, path: str, field: models.Field[Any, Any]) -> str:
    if path == registry.state:
        return "state"
    if isinstance(field, models.DateField):
        return "time"
    if isinstance(field, models.DecimalField | models.FloatField | models.IntegerField):
        return "number"
    if registry.list and path == registry.list[0]:
        return "title"
    return {"title": "heading", "code": "code", "number": "code"}.get(path.rpartition("__")[2], "plain")
