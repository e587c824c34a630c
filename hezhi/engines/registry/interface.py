"""The machine interface of a registry (接口): list, add, read, change, remove, restore, history, map.

Everything goes through the same questions (`asking`), the same form and the same verbs (`actions`) as the
pages, so rights, scope, masks and conditions are the same. Long lists are written by msgspec.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import msgspec
from django.contrib.gis.geos import GEOSGeometry
from django.db import models
from django.http import HttpResponse
from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry import actions, addresses
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.columns import Column
from hezhi.engines.registry.geojson import MAP_WORDS, layer
from hezhi.engines.registry.history import history, told_versions
from hezhi.engines.registry.schema import describe
from hezhi.engines.registry.versions import version_of
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.masks import mask
from hezhi.ground.tables.aside import NOUGHT, Aside
from hezhi.ground.text import one_line
from hezhi.ground.ui.fields import as_typed
from hezhi.ground.words import in_words, label_of, label_path

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

API_SIZES = (50, 1000)


class RegistryRest(ViewSet):
    """Base of the machine interface; `rest = MyRest` in a declaration replaces it by a subclass."""

    registry: ClassVar[Registry]
    right: ClassVar[tuple[str, ...]] = ()
    rights: ClassVar[dict[str, tuple[str, ...]]] = {}
    described: ClassVar[bool] = False

    @property
    def by(self) -> Actor:
        """Who asks."""
        return self.request.actor  # type: ignore[attr-defined,no-any-return]

    def list(self, request: Request) -> HttpResponse:
        """A page of rows. `next` and `previous` are addresses; the total is counted up to 10,001."""
        registry = self.registry
        asked = Asked(registry, self.by, request.query_params, sizes=API_SIZES)
        total = _total(asked)
        columns = self._columns
        flat = [_flat(column) for column in columns]
        if None in flat:  # a column that a method draws needs whole rows
            page = asked.page(columns)
            items = _from_rows(columns, page.rows)
        else:
            page = asked.page_of_values([path for paths, _ in flat for path in paths])  # type: ignore[misc]
            items = _from_values([c.name for c in columns], [read for _, read in flat], page.rows)  # type: ignore[misc]
        told = {
            "items": items,
            "next": self._at(asked, "after", page.after),
            "previous": self._at(asked, "before", page.before),
            **total,
        }
        return _json(told)

    def retrieve(self, request: Request, id: UUID) -> HttpResponse:
        """One row."""
        return _json(self._told(self._row(id)))

    def create(self, request: Request) -> HttpResponse:
        """Enter a row. Foreign keys by id, code or name; choices by code or label."""
        return _json(self._told(actions.create(self.registry, self._typed(request), by=self.by)), status=201)

    def partial_update(self, request: Request, id: UUID) -> HttpResponse:
        """Change the given fields. `version` (from reading the row) guards against two writers at once."""
        body = self._body(request)
        version = body.pop("version", None)
        data = self._typed(request)
        row = actions.change(
            self.registry, id, data, by=self.by, only=data, version=str(version) if version is not None else None
        )
        return _json(self._told(row))

    def destroy(self, request: Request, id: UUID) -> HttpResponse:
        """Take a row out, with a `reason` in the query or the body."""
        told = self._body(request).get("reason") or request.query_params.get("reason", "")
        actions.remove(self.registry, id, by=self.by, reason=one_line(str(told)))
        return HttpResponse(status=204)

    def restore(self, request: Request, id: UUID) -> HttpResponse:
        """Bring a removed row back."""
        return _json(self._told(actions.restore(self.registry, id, by=self.by)))

    def history(self, request: Request, id: UUID) -> HttpResponse:
        """The versions of a row with their differences, newest first."""
        row = self._row(id)
        versions = told_versions(self.registry, row, self.by)
        return _json({"items": [_version(item) for item in history(versions)]})

    def map(self, request: Request) -> HttpResponse:
        """The rows as GeoJSON (WGS 84); `bbox=west,south,east,north`, `limit` up to 5,000."""
        asked = Asked(self.registry, self.by, request.query_params, ignored=MAP_WORDS)
        return HttpResponse(layer(self.registry, asked), content_type="application/geo+json")

    # -- pieces --------------------------------------------------------------------------------------

    def _row(self, id: UUID) -> Any:
        registry = self.registry
        rows = registry.with_columns(registry.visible(self.by), self._columns)
        row = rows.filter(pk=id).first()
        if row is None:
            raise NotFound(what=f"没有找到这条{registry.noun}。")
        return row

    def _told(self, row: Any) -> dict[str, Any]:
        if any(column.annotations for column in self._columns):  # a row just written has been read without them
            row = self._row(row.pk)
        return _from_rows(self._columns, [row])[0] | {"version": version_of(row)}

    @property
    def _columns(self) -> Sequence[Column]:
        """What this reader is told; a column he may not see is left out."""
        hidden = self.registry.hidden_from(self.by)
        return [column for name, column in self.registry.api_columns.items() if name not in hidden]

    def _body(self, request: Request) -> dict[str, Any]:
        body = request.data
        if not isinstance(body, dict):
            raise BadInput(what="请求内容应为一个 JSON 对象。", code="api.not_an_object")
        try:
            msgspec.json.encode(body)
        except (UnicodeEncodeError, ValueError, TypeError, RecursionError):
            raise BadInput(what="请求内容里有无法保存的字符。", code="api.bad_characters") from None
        return dict(body)

    def _typed(self, request: Request) -> dict[str, Any]:
        """The body as a form reads it; a name the form does not have is refused."""
        body = self._body(request)
        body.pop("version", None)
        more = body.pop("extra", {})
        if not isinstance(more, dict):
            raise BadInput({"extra": "extra 应为一个 JSON 对象。"}, code="api.not_an_object")
        body |= {f"extra_{code}": value for code, value in more.items()}
        words = {word for part in self.registry.parts for word in part.words}
        hidden = self.registry.hidden_from(self.by)
        fields = {name: field for name, field in self.registry.fields().items() if name not in hidden}
        unknown = [name for name in body if name not in fields and name not in words]
        if unknown:
            raise BadInput(
                {name: f"没有“{name}”这个字段。" for name in unknown}, code="api.unknown_field",
                remedy=f"可以填写的字段：{'、'.join(fields)}。",
            )  # fmt: skip
        return {name: as_typed(fields[name], value) if name in fields else value for name, value in body.items()}

    def _at(self, asked: Asked, word: str, place: Any) -> str | None:
        query = asked.at(word, place)
        return self.registry.rest_url() + query if query else None


Paths = tuple[str, ...]
Read = Callable[[dict[str, Any]], Any]


def _flat(column: Column) -> tuple[Paths, Read] | None:
    """How a column is told from the database's own values, without a model row: twice as quick."""
    path, field = column.path, column.field
    if not path or field is None:
        return None
    if column.mask_kind is not None:
        kind = column.mask_kind
        return (path,), lambda values: mask(kind, in_words(values[path]))
    if isinstance(field, models.ForeignKey):
        label = f"{path}__{label_path(field.remote_field.model)}"
        return (path, label), lambda v: None if v[path] is None else {"id": v[path], "label": v[label] or ""}
    if hasattr(field, "geom_type"):
        return (path,), lambda values: _geometry(values[path])
    return (path,), lambda values: values[path]


def _from_values(names: Sequence[str], reads: Sequence[Read], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    pairs = list(zip(names, reads, strict=True))
    return [{"id": row["pk"], **{name: read(row) for name, read in pairs}} for row in rows]


def _from_rows(columns: Sequence[Column], rows: Sequence[Any]) -> list[dict[str, Any]]:
    pairs = [(column.name, _reader(column)) for column in columns]
    return [{"id": row.pk, **{name: read(row) for name, read in pairs}} for row in rows]


def _reader(column: Column) -> Callable[[Any], Any]:
    if column.mask_kind is not None:
        return column.plain
    if isinstance(column.field, models.ForeignKey):
        return lambda row: _key(column.value(row))
    if column.field is not None and hasattr(column.field, "geom_type"):
        return lambda row: _geometry(column.value(row))
    if column.field is None:
        return column.value if column.kind == "object" else column.words
    return column.value


def _key(row: models.Model | None) -> dict[str, Any] | None:
    return None if row is None else {"id": row.pk, "label": label_of(row)}


def _geometry(value: GEOSGeometry | None) -> Any:
    return None if value is None else msgspec.Raw(value.geojson.encode())


def _total(asked: Asked) -> dict[str, Any]:
    """How many rows there are, as far as they are counted; what the filters mean is learnt beside it."""
    aside = Aside()
    asked.ask_meant(aside)
    aside.ask_count("count", "", asked.branches())
    answers = aside.answers()
    asked.learn_meant(answers)
    total = aside.tallies(answers, "count").get("", NOUGHT)
    return {"total": total.number, "total_is_capped": total.more}


def _version(item: Any) -> dict[str, Any]:
    changes = [{"label": c.label, "before": c.before, "after": c.after} for c in item.changes]
    return {"title": item.title, "at": item.at, "who": item.who, "reason": item.text, "changes": changes}


def _json(told: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(told), content_type="application/json", status=status)


# -- made from the declaration ---------------------------------------------------------------------

ROUTES: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {"get": "list", "post": "create"}),
    ("map/", {"get": "map"}),
    ("<uuid:id>/", {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ("<uuid:id>/restore/", {"post": "restore"}),
    ("<uuid:id>/history/", {"get": "history"}),
)
OFFER_OF = {
    "list": "view", "retrieve": "view", "history": "view", "create": "add", "partial_update": "edit",
    "destroy": "delete", "restore": "delete", "map": "map",
}  # fmt: skip


def rest_class(registry: Registry) -> type[RegistryRest]:
    """The interface class of a declaration, with its rights."""
    base: type[RegistryRest] = registry.rest or RegistryRest
    rights = {action: (registry.permission(offer),) for action, offer in OFFER_OF.items() if registry.gives(offer)}
    own = {"registry": registry, "rights": rights, "right": (registry.permission("view"),)}
    has_its_own = getattr(base, "registry", None) is not None
    return type(f"{type(registry).__name__}Rest", (base,), {} if has_its_own else own)


def describe_registries(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Describe the registries' classes among these endpoints; drf-spectacular calls it before it reads them.

    Not when the class is made: to serve, to work and to count needs no description, and it is most of what the
    addresses would cost each process that starts.
    """
    for *_, callback in endpoints:
        cls = callback.cls
        if issubclass(cls, RegistryRest) and not cls.described:
            describe(cls)
    return endpoints


def rest_patterns(registry: Registry, root: str | None = None) -> list[URLPattern]:
    """The addresses of the interface, behind `root` or whole; none for a registry that offers none."""
    root = addresses.rest(registry.slug).lstrip("/") if root is None else root
    if "api" not in registry.offers:
        return []
    cls = rest_class(registry)
    made = []
    for below, methods in ROUTES:
        offered: dict[str, Any] = {
            method: action for method, action in methods.items() if registry.gives(OFFER_OF[action])
        }
        if offered:
            name = f"api-{registry.slug}-{next(iter(offered.values()))}"
            made.append(path(root + below, cls.as_view(offered), name=name))
    return made
