"""A registry is one declaration (台账声明): it tells what, the engine knows how.

    @register
    class Compounds(Registry):
        model = Compound
        clause = "9.1.3-2-1"
        right = "compounds"
        list = ("name", "kind", "unit", "households")
        filters = ("kind", "unit")
        search = ("name", "address")
        natural_key = ("unit", "name")
        form = (("基本信息", ("name", "kind", "address")),)

From it come list, detail, form, bulk edit, removal and restoring, history, import, export, machine
interface, map layer, and the contract tests that run on each registry by themselves. Each piece can be
replaced by a plain Django class in the declaring folder: `pages`, `rest`, `form`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import models
from django.db.models import Q, QuerySet

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry import addresses
from hezhi.engines.registry.columns import Column, column_of
from hezhi.engines.registry.parts import Part
from hezhi.engines.registry.scope import Scope, scoped
from hezhi.engines.registry.seeking import Sought
from hezhi.ground.masks import Kind
from hezhi.ground.paths import heavy_fields, model_at
from hezhi.ground.words import label_path

if TYPE_CHECKING:
    import django_filters

    from hezhi.ground.ui.shapes import BulkAction

RESTORE_DAYS = 30
"""So long a removed row can be restored."""

Sections = Sequence[tuple[str, Sequence[str]]]

OFFERS = ("view", "add", "edit", "bulk", "delete", "import", "export", "api")
"""What a registry can give (功能); a declaration may offer less."""

# Which permission opens which ability; what is not named asks for its own.
BORROWED = {"add": "edit", "bulk": "edit", "restore": "delete", "reveal": "edit", "api": "view", "map": "view"}

CAPABILITY_NAMES = {
    "view": "查看", "edit": "登记和修改", "import": "批量导入", "export": "导出", "delete": "删除和恢复",
}  # fmt: skip

# Personal fields are masked by their name, unless the declaration says how.
MASKS_BY_NAME = {
    "phone": Kind.PHONE, "mobile": Kind.PHONE, "id_number": Kind.RESIDENT_ID, "resident_id": Kind.RESIDENT_ID,
    "address": Kind.ADDRESS, "name": Kind.NAME, "full_name": Kind.NAME, "email": Kind.EMAIL,
    "birth_date": Kind.BIRTH_DATE, "bank_card": Kind.BANK_CARD, "plate": Kind.PLATE,
}  # fmt: skip


class Registry:
    """One registry (台账). Every attribute is told once, here; nothing is told twice."""

    # What it is
    model: ClassVar[type[models.Model]]
    slug: ClassVar[str] = ""
    title: ClassVar[str] = ""
    clause: ClassVar[str] = ""
    reason: ClassVar[str] = ""
    group: ClassVar[str] = ""
    icon: ClassVar[str] = "list"
    about: ClassVar[str] = ""

    # Who
    right: ClassVar[str | Mapping[str, str]] = ""
    offers: ClassVar[Sequence[str]] = OFFERS
    scope: ClassVar[Scope] = scoped
    owner_of: ClassVar[str] = ""

    # List
    list: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()
    machine: ClassVar[tuple[str, ...]] = ()
    filters: ClassVar[tuple[str, ...]] = ()
    more_filters: ClassVar[Mapping[str, django_filters.Filter]] = {}
    search: ClassVar[tuple[str, ...]] = ()
    search_column: ClassVar[str] = ""
    named_by: ClassVar[str] = ""
    ordering: ClassVar[tuple[str, ...]] = ()
    sortable: ClassVar[tuple[str, ...] | None] = None
    state: ClassVar[str] = ""
    ended: ClassVar[tuple[str, ...]] = ()
    page_size: ClassVar[int] = 50

    # Form, import, export
    form: ClassVar[Sections | type[forms.ModelForm[Any]]] = ()
    bulk: ClassVar[tuple[str, ...]] = ()
    bulk_actions: ClassVar[Sequence[BulkAction]] = ()
    natural_key: ClassVar[tuple[str, ...]] = ()
    also_known_by: ClassVar[tuple[str, ...]] = ()
    removal: ClassVar[str | None] = None
    purged_after: ClassVar[int | None] = None
    export_rows: ClassVar[int] = 100_000
    export_rows_personal: ClassVar[int] = 500
    import_rows: ClassVar[int] = 20_000

    # Personal information (data protection P9, P13)
    purpose: ClassVar[str] = ""
    personal: ClassVar[tuple[str, ...]] = ()
    of_persons: ClassVar[bool] = False
    masked: ClassVar[tuple[str, ...] | Mapping[str, str]] = ()

    column_rights: ClassVar[Mapping[str, str]] = {}

    # More
    on_map: ClassVar[str] = ""
    parts: ClassVar[Sequence[Part]] = ()
    pages: ClassVar[Mapping[str, Any]] = {}
    mergeable: ClassVar[bool] = True
    """Whether two rows can be one and the same thing (可合并); a sheet of a month never is another's."""
    rest: ClassVar[Any] = None
    needs: ClassVar[tuple[str, ...]] = ()

    # -- names ---------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """`cases.category`: how verbs and audit rows name this kind of row."""
        return self.model._meta.label_lower

    @property
    def noun(self) -> str:
        """The thing in Chinese, for sentences: «事件类别»."""
        return str(self.model._meta.verbose_name)

    def row_name(self, row: Any) -> str:
        """What one row is called on screen; masked where its name is masked. Without a field that names it, its own words."""
        if self.name_path == self.model._meta.pk.name:
            return str(row)
        return self.column(self.name_path).words(row) or str(row.pk)

    @cached_property
    def name_path(self) -> str:
        """The field that names a row: `named_by`, else full name, name, title, number or code."""
        return self.named_by or label_path(self.model)

    def url(self, *parts: Any) -> str:
        """A page of this registry: `url()`, `url(row.pk)`, `url(row.pk, "edit")`."""
        return addresses.page(self.slug, *parts)

    def rest_url(self, *parts: Any) -> str:
        """An address of the machine interface of this registry."""
        return addresses.rest(self.slug, *parts)

    def bulk_actions_for(self, actor: Actor) -> Sequence[BulkAction]:
        """The registry's own bulk buttons that this reader may press."""
        return self.bulk_actions

    def url_of(self, row: Any) -> str:
        """Where one row is shown; override to lead to a page of your own."""
        return self.url(row.pk)

    def tone_of(self, row: Any) -> str:
        """The tone of a row in the list: «», over, soon (the UI kit's tones)."""
        return ""

    @cached_property
    def search_hint(self) -> str:
        """What the search field says when it is empty: «名称、地址»."""
        return "、".join(self.column(name).label for name in self.search) or "搜索"

    # -- who may -------------------------------------------------------------------------------------

    def permission(self, capability: str) -> str:
        """The permission that opens a capability (view, edit, delete, import, export, reveal …)."""
        if isinstance(self.right, str):
            return f"{self.right}.{BORROWED.get(capability, capability)}"
        return self.right.get(capability) or self.right[BORROWED[capability]]

    def gives(self, capability: str) -> bool:
        """Whether this registry gives the capability at all."""
        if capability == "map":
            return bool(self.on_map) and "api" in self.offers
        if capability == "reveal":
            return bool(self.mask_kinds) and (isinstance(self.right, str) or bool({"reveal", "edit"} & set(self.right)))
        if capability in ("delete", "restore"):
            return "delete" in self.offers and bool(self.removed_by)
        return capability in self.offers and (capability != "bulk" or bool(self.bulk))

    def offers_to(self, actor: Actor, capability: str) -> bool:
        """Whether this registry gives the capability, and to this actor."""
        return self.gives(capability) and actor.may(self.permission(capability))

    def permissions(self) -> dict[str, str]:
        """The permissions of this declaration with their Chinese names (权限清单)."""
        used = {BORROWED.get(offer, offer) for offer in self.offers} | {"view"}
        return {
            self.permission(name): f"{words}{self.title}" for name, words in CAPABILITY_NAMES.items() if name in used
        }

    def hidden_from(self, by: Actor) -> frozenset[str]:
        """The fields that this reader's post may not see (列权限, `column_rights`)."""
        return frozenset(name for name, right in self.column_rights.items() if not by.may(right))

    # -- rows ----------------------------------------------------------------------------------------

    def all_rows(self) -> QuerySet[Any]:
        """Every row of the table; only `visible` and the checks of uniqueness may start here."""
        return self.model._default_manager.all()

    def visible(self, actor: Actor) -> QuerySet[Any]:
        """The rows this reader may know of, removed ones included (数据范围内)."""
        return type(self).scope(self.all_rows(), actor)

    def branches(self, actor: Actor, *, ordered: bool = False) -> Sequence[QuerySet[Any]]:
        """The rows of `visible` in branches without overlap, where the model knows such (`branches`).

        An index serves a branch where none serves the whole («my area, or one of my units»). `ordered` asks for
        branches that can each be read in the list's order (`ordered_branches`).
        """
        rows, name = self.all_rows(), "ordered_branches" if ordered else "branches"
        if type(self).scope is scoped and told_with(type(rows), name, "visible_to"):
            return getattr(rows, name)(actor)  # type: ignore[no-any-return]
        return [self.visible(actor)]

    def present(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Leave out what has been removed (未删除)."""
        return rows.filter(removed_at__isnull=True) if self.removed_by == "removed_at" else rows

    def removed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Only what has been removed and may come back (已删除)."""
        return rows.filter(removed_at__isnull=False) if self.removed_by == "removed_at" else rows.none()

    def with_columns(self, rows: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
        """Fetch with the rows whatever the columns read, and nothing long that they do not."""
        related = sorted({path for column in columns for path in column.related})
        wanted = [name for column in columns for name in (column.name, *column.reads)] + [*self.needs]
        left = heavy_fields(self.model, [*wanted, self.name_path])
        rows = rows.annotate(**{name: made for column in columns for name, made in column.annotations.items()})
        for path in related:
            left.extend(f"{path}__{name}" for name in self._left_of(path, columns))
        return rows.select_related(*related).defer(*left) if related else rows.defer(*left)

    def _left_of(self, path: str, columns: Sequence[Column]) -> Sequence[str]:
        """What no column reads of a related row: five joins would bring a hundred values for five names.

        A drawn column that does not say (`reads`) what it follows a key for gets everything but the long fields.
        """
        model, start = model_at(self.model, path), f"{path}__"
        told = [*self.needs, *self.order]
        for column in columns:
            own = [name for name in column.reads if name.startswith(start)]
            if column.drawn is not None and path in column.related and not own:
                return heavy_fields(model, [])
            told += [*own, column.path, column.order]
        read = {name.lstrip("-").removeprefix(start).partition("__")[0] for name in told if start in name}
        kept = read | {label_path(model), model._meta.pk.name}
        return [field.name for field in model._meta.concrete_fields if field.name not in kept]

    @cached_property
    def removed_by(self) -> str:
        """How a row leaves (删除方式): removed_at (soft), valid_to (closed), active (off), or «» (never)."""
        if self.removal is not None:
            return self.removal
        names = {field.name for field in self.model._meta.concrete_fields}
        return next((name for name in ("removed_at", "valid_to", "active", "is_active") if name in names), "")

    @property
    def purge_days(self) -> int | None:
        """After how many days a removed row is erased, history included (`purged_after`); None: it is kept.

        Personal information goes when it can no longer be restored (PIPL 47), unless a law says a longer term.
        """
        if self.removed_by != "removed_at":
            return None
        return self.purged_after or (RESTORE_DAYS if self.personal else None)

    @property
    def removal_word(self) -> str:
        """What a removal is called on screen: 删除 (comes back for 30 days) or 停用 (stays, closed)."""
        return "删除" if self.removed_by == "removed_at" else "停用"

    def search_condition(self, typed: str) -> Q:
        """Rows that contain every word typed, each in any of the searched fields.

        A `search_column` holds small letters: to compare them as they stand costs a fifth of asking for any case.
        """
        paths = [f"{self.search_column}__contains"] if self.search_column else [f"{p}__icontains" for p in self.search]
        condition = Q()
        for word in (typed.lower() if self.search_column else typed).split():
            condition &= Q(*((path, word) for path in paths), _connector=Q.OR)
        return condition

    def seek(self, typed: str) -> Sought | None:
        """A shorter way to the rows that `search_condition` means; None: they are read, and the database chooses how."""
        return None

    # -- hooks of writing ----------------------------------------------------------------------------

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """The rows that a foreign key of the form may choose from; None for the reader's own rows."""
        return None

    def place(self, row: Any, by: Actor) -> None:
        """Say whose a new row is: override for tables with their own idea of belonging."""
        from hezhi.engines.org.placing import place_scoped

        place_scoped(row, by, chosen=self.form_fields, point=self.on_map, owner_of=self.owner_of)

    def prepare(self, row: Any, by: Actor) -> None:
        """Fill what follows from other fields, before the row is written."""

    def check(self, row: Any, by: Actor) -> None:
        """A condition on a row before it is written; refuse by raising `BadInput` or `NotNow`."""

    def after(self, verb: str, row: Any, by: Actor) -> None:
        """What else belongs to the verb (create, change, remove, restore, import), in its transaction."""

    def after_batch(self, verb: str, by: Actor) -> None:
        """What follows once from a whole file, when it was written («import») or taken back («undo»); in its transaction."""

    def belong(self, row: Any, unit: Any) -> None:
        """Let a made-up row of the contract tests lie in a unit, where the table is not `Scoped`.

        The unit is the batch's own copy: what its rows share may be kept at it.
        """

    def examples(self, n: int) -> dict[str, Any]:
        """Values for the n-th made-up row of the contract tests, where the field's type is not enough.

        A row among them that is not written yet is written before.
        """
        return {}

    # -- what follows from the declaration ------------------------------------------------------------

    @cached_property
    def mask_kinds(self) -> dict[str, Kind]:
        """How each masked field is masked, by field name."""
        if isinstance(self.masked, Mapping):
            return {name: Kind(kind) for name, kind in self.masked.items()}
        return {name: _guess_mask(name) for name in self.masked}

    @cached_property
    def sections(self) -> Sections:
        """The form's sections, each a title and the names of its fields."""
        if isinstance(self.form, type):
            own = getattr(self.form, "sections", None)
            return own or (("", tuple(self.form.base_fields)),)
        return tuple(self.form)

    @cached_property
    def form_fields(self) -> tuple[str, ...]:
        """The names of the form's fields, in order."""
        return tuple(name for _, names in self.sections for name in names)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The list's order with the id as last word, so that a place in it is exact."""
        told = self.ordering or self.model._meta.ordering or ("id",)
        return with_id(tuple(map(str, told)))

    @property
    def columns(self) -> dict[str, Column]:
        """Every column the list can show: the usual ones first, then those that may be added."""
        return self.told_columns | self.more_columns

    @property
    def more_columns(self) -> dict[str, Column]:
        """Columns that are data (`Part.more_columns`); asked anew, because they change while the program runs."""
        return {name: made for part in self.parts for name, made in part.more_columns(self).items()}

    @cached_property
    def told_columns(self) -> dict[str, Column]:
        return {name: self.column(name) for name in (*self.list, *self.also)}

    @property
    def export_columns(self) -> dict[str, Column]:
        """The columns of an export: what the form holds, then what only the list shows."""
        return self._told_export_columns | self.more_columns

    @cached_property
    def _told_export_columns(self) -> dict[str, Column]:
        names = dict.fromkeys((*self.natural_key, *self.form_fields, *self.list, *self.also))
        return {name: self.column(name) for name in names}

    @cached_property
    def api_columns(self) -> dict[str, Column]:
        """The columns of the machine interface: `machine`, else everything the list and the form know."""
        brought = (name for part in self.parts for name in part.machine)
        names = dict.fromkeys((*(self.machine or (*self.list, *self.also, *self.form_fields)), *brought))
        return {name: self.column(name) for name in names}

    def column(self, name: str) -> Column:
        """The column of this name; raises FieldDoesNotExist when there is none."""
        return column_of(self, name)

    def can_sort(self, name: str) -> bool:
        """Whether a reader may sort by this column."""
        column = self.told_columns.get(name)
        return bool(column and column.order) and (self.sortable is None or name in self.sortable)

    @property
    def filterset_class(self) -> type[django_filters.FilterSet]:
        """The filters as a django-filter class: the same for list, export, map and machine interface."""
        more = {name: made for part in self.parts for name, made in part.more_filters(self).items()}
        told = tuple((name, str(made.label), repr(made.extra)) for name, made in more.items())
        return self.told_filters if not more else with_more(self.told_filters, more, told)

    @cached_property
    def told_filters(self) -> type[django_filters.FilterSet]:
        from hezhi.engines.registry.filters import filterset_class

        return filterset_class(self)

    @cached_property
    def form_class(self) -> type[forms.ModelForm[Any]]:
        """The form as a Django class: the same for page, import and machine interface."""
        from hezhi.engines.registry.forms import form_class

        return form_class(self)

    def fields(self) -> dict[str, forms.Field]:
        """Every field that may be filled in: the form's own, and those whose values lie with a part."""
        more = {name: made for part in self.parts for name, made in part.fields(self).items()}
        return {**self.form_class.base_fields, **more}


_made: dict[tuple[Any, ...], type[django_filters.FilterSet]] = {}


def with_more(base: Any, more: Mapping[str, Any], told: tuple[Any, ...]) -> type[django_filters.FilterSet]:
    """The filter class with filters that are data; made once for what they say."""
    key = (base, told)
    if key not in _made:
        if len(_made) > 200:
            _made.clear()
        _made[key] = type(base.__name__, (base,), dict(more))
    return _made[key]


def told_with(cls: type, name: str, rule: str) -> bool:
    """Whether a class tells `name` where it tells `rule`: who narrows a rule does not inherit what went with the old."""
    owner = next((each for each in cls.__mro__ if rule in vars(each)), None)
    return owner is not None and any(name in vars(each) for each in cls.__mro__[: cls.__mro__.index(owner) + 1])


def with_id(order: tuple[str, ...]) -> tuple[str, ...]:
    """The order with the id behind it, running the way its last field runs."""
    names = [name.lstrip("-") for name in order]
    if "id" in names or "pk" in names:
        return order
    return (*order, "-id" if order[-1].startswith("-") else "id")


def _guess_mask(name: str) -> Kind:
    for ending, kind in MASKS_BY_NAME.items():
        if name == ending or name.endswith(f"_{ending}"):
            return kind
    return Kind.CATEGORY
