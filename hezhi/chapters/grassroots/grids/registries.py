"""Grids, their people, kinds, duty lists, notes and divisions as registries (9.1.3-1-1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.html import format_html

from hezhi.chapters.grassroots.grids import rules
from hezhi.chapters.grassroots.grids.models import (
    Annotation,
    Division,
    DutyItem,
    Grid,
    GridDuty,
    GridKind,
    Role,
)
from hezhi.chapters.grassroots.grids.pages.grid import GridDetail, GridMap
from hezhi.engines.dossier.maps import OnMap
from hezhi.engines.dossier.visits import Visits
from hezhi.engines.geo.dividing import as_shape
from hezhi.engines.geo.division import square_metres
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit, User
from hezhi.engines.org.placing import place_scoped
from hezhi.engines.registry.abilities import Files, Remarks
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.ui.spans import NOTHING
from hezhi.ground.ui.templatetags.ui import state_badge

GROUP = "网格管理"
SHAPES = {"Point": "点", "LineString": "线", "Polygon": "面"}
EDIT = {
    "view": "grids.view", "edit": "grids.edit", "delete": "grids.edit", "import": "grids.edit", "export": "grids.export",
}  # fmt: skip
SETTINGS = {
    "view": "grids.view", "edit": "grids.settings", "delete": "grids.settings", "import": "grids.settings",
    "export": "grids.export",
}  # fmt: skip


@register
class Grids(Registry):
    """The grids of the reader's ground (网格): shapes change by divisions only, never by a form."""

    model = Grid
    slug, title, group, icon = "grids", "网格", GROUP, "polygon"
    clause = "9.1.3-1-1"
    right = {"view": "grids.view", "export": "grids.export", "visit": "grids.visit"}
    offers = ("view", "export", "api")
    removal = ""
    list = ("name", "code", "kind", "speciality", "town", "community", "members", "valid_from")
    also = ("last_visit", "next_visit", "source", "valid_to")
    machine = ("code", "name", "full_name", "kind", "line", "town", "community", "valid_from", "valid_to")
    filters = ("kind", "town", "community")
    more_filters = {
        "unmanned": YesNoFilter(label="没有网格员", condition=lambda: ~_manned()),
    }
    search = ("full_name", "code")
    named_by = "name"
    ordering = ("code",)
    sortable = ("name", "code", "valid_from")
    on_map = "centre"
    pages = {"detail": GridDetail, "map": GridMap}
    parts = (Visits(("日常巡查", "入户走访", "隐患排查", "政策宣传", "其他"), every=30, right="visit"),)

    def gives(self, capability: str) -> bool:
        """Visits are written down although nothing else is entered here."""
        return capability == "visit" or super().gives(capability)

    def present(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Grids as they stand now; closed ones are reached from the history of their successors."""
        return rows.filter(valid_to__isnull=True)

    def with_columns(self, rows: QuerySet[Any], columns: Any) -> QuerySet[Any]:
        """The names of the members come with the rows."""
        names = GridDuty.objects.running().filter(grid=OuterRef("pk")).order_by().values("grid")
        told = names.annotate(told=StringAgg("user__full_name", "、", distinct=True)).values("told")
        lines = GridKind.objects.filter(code=OuterRef("line")).values("name")[:1]
        return super().with_columns(rows, columns).annotate(member_names=Subquery(told), line_name=Subquery(lines))

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Towns and communities of today."""
        level = {"town": Area.Level.TOWN, "community": Area.Level.COMMUNITY}.get(name)
        return Area.objects.current().filter(level=level).order_by("code") if level else None

    @column("专业条线")
    def speciality(self, row: Grid) -> str:
        """The professional line by its name."""
        return getattr(row, "line_name", None) or row.line or NOTHING

    @column("网格人员")
    def members(self, row: Grid) -> str:
        """Who has a duty in it; a grid without anybody is marked."""
        names = getattr(row, "member_names", None)
        if names is None and not hasattr(row, "member_names"):
            people = GridDuty.objects.running().filter(grid=row.pk).select_related("user")
            names = "、".join(sorted({str(duty.user) for duty in people}))
        return names or (state_badge("overdue", "无人") if row.kind == Area.Kind.BASIC else NOTHING)

    def belong(self, row: Grid, unit: Unit) -> None:
        row.level, row.kind, row.line = Area.Level.GRID, Area.Kind.BASIC, ""
        town = _town_of(unit)
        row.town, row.district_id, row.parent = town, town.parent_id, town
        row.valid_to = row.version_of = None


def _manned() -> Any:
    from django.db.models import Exists

    return Exists(GridDuty.objects.running().filter(grid=OuterRef("pk")))


@register
class Duties(Registry):
    """Who has which duty in which grid (网格人员): 定员、定责."""

    model = GridDuty
    slug, title, group, icon = "grid-duties", "网格人员", GROUP, "users"
    clause = "9.1.3-1-1"
    right = EDIT
    list = ("user", "role", "grid", "community", "town", "phone", "starts_on", "ends_on")
    also = ("more", "why_second")
    filters = ("role", "town", "community", "grid")
    search = ("user__full_name", "grid__full_name", "grid__code")
    named_by = "user__full_name"
    ordering = ("grid__code", "role")
    natural_key = ("grid", "user", "role", "starts_on")
    form = (
        ("任职", ("grid", "user", "role", "starts_on", "ends_on")),
        ("职责", ("more", "why_second")),
    )
    bulk = ("ends_on",)
    owner_of = "town"
    parts = (Remarks(),)

    @column("工作电话", related=("user",))
    def phone(self, row: GridDuty) -> str:
        """The office's own number of this person, which residents are told too."""
        return row.user.work_phone or NOTHING

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Grids of the reader's ground, people with an open account."""
        if name == "grid":
            return Grid.objects.visible_to(actor).current().order_by("code")
        return User.objects.filter(is_active=True).order_by("full_name", "login_name") if name == "user" else None

    def check(self, row: GridDuty, by: Actor) -> None:
        """One full-time grid for one person, unless a reason is given."""
        if row.grid_id is None:
            raise BadInput({"grid": "请选择网格。"})
        if row.removed_at is not None:
            return
        others = GridDuty.objects.filter(user=row.user_id, removed_at__isnull=True).exclude(pk=row.pk)
        held = [rules.Held(UUID(str(d.grid_id)), d.role, d.starts_on, d.ends_on) for d in others if d.grid_id]
        field, said = rules.duty_fault(row.role, row.grid_id, row.starts_on, row.ends_on, held, row.why_second)
        if said:
            raise BadInput({field: said})

    def examples(self, n: int) -> dict[str, Any]:
        roles = [Role.HEAD, Role.PART_TIME, Role.SPECIALIST, Role.VOLUNTEER]
        day = time.today() - timedelta(days=4000 - n * 5)
        return {"role": roles[n % 4], "starts_on": day, "ends_on": day + timedelta(days=2), "why_second": "样例兼任"}

    def belong(self, row: GridDuty, unit: Unit) -> None:
        row.grid = sample_grid(unit)


def sample_grid(unit: Unit) -> Area:
    """A grid in a made-up town, for the contract tests; asked for once per batch of rows."""
    if "sample_grid" not in vars(unit):
        vars(unit)["sample_grid"] = _sample_grid(unit, _town_of(unit))
    grid: Area = vars(unit)["sample_grid"]
    return grid


def _town_of(unit: Unit) -> Area:
    return unit.area or Area.objects.get(units=unit)


def _sample_grid(unit: Unit, town: Area) -> Area:
    code, name = f"{unit.code}-J001", f"{unit.name}第1网格"
    return Area.objects.filter(code=code).first() or Area.objects.create(
        code=code, name=name, full_name=name, level="grid", parent=town, town=town, district_id=town.parent_id,
        shape=town.shape, centre=town.centre, valid_from=time.today(),
    )  # fmt: skip


@register
class Kinds(Registry):
    """Kinds of grids (网格类别): basic, dedicated, and the professional lines with their leading units."""

    model = GridKind
    slug, title, group, icon = "grid-kinds", "网格类别", GROUP, "stack-2"
    clause = "9.1.3-1-1"
    right, scope = SETTINGS, public
    list = ("name", "code", "kind", "unit", "precedence", "households", "active")
    also = ("about",)
    filters = ("kind", "active")
    search = ("name", "code")
    ordering = ("precedence", "code")
    natural_key = ("code",)
    form = (("类别", ("name", "code", "kind", "unit", "precedence", "households", "about")),)

    def examples(self, n: int) -> dict[str, Any]:
        return {"kind": Area.Kind.SPECIALISED}

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        return Unit.objects.filter(kind__in=["centre", "department"]) if name == "unit" else None


@register
class DutyItems(Registry):
    """What each role does in each kind of grid (职责清单), with the paper it comes from."""

    model = DutyItem
    slug, title, group, icon = "grid-duty-items", "职责清单", GROUP, "checklist"
    clause = "9.1.3-1-1"
    right, scope = SETTINGS, public
    list = ("text", "kind", "role", "basis", "order", "active")
    filters = ("kind", "role", "active")
    search = ("text", "basis")
    named_by = "text"
    ordering = ("kind__precedence", "role", "order")
    natural_key = ("kind", "role", "text")
    form = (("职责事项", ("kind", "role", "text", "basis", "order")),)


@register
class Annotations(Registry):
    """Notes on the map (网格标注): places and hazards with a term; never people."""

    model = Annotation
    slug, title, group, icon = "grid-notes", "网格标注", GROUP, "map-pin"
    clause = "9.1.3-1-1"
    right = EDIT
    list = ("name", "kind", "form_of_shape", "standing", "grid", "town", "starts_on", "ends_on")
    also = ("text",)
    filters = ("kind", "town", "grid", "ends_on")
    search = ("name", "text")
    named_by = "name"
    ordering = ("-starts_on", "name")
    natural_key = ("name", "kind", "starts_on")
    form = (("标注", ("name", "kind", "shape", "text", "starts_on", "ends_on", "no_person")),)
    bulk = ("ends_on",)
    on_map = "shape"
    owner_of = "town"
    parts = (OnMap(), Files(), Remarks())

    @column("点线面", reads=("shape",))
    def form_of_shape(self, row: Annotation) -> str:
        """Point, line or area, an area with its size."""
        if row.shape.geom_type == "Polygon":
            return f"面 {square_metres(as_shape(row.shape)):,.0f} 平方米"
        return SHAPES[row.shape.geom_type]

    def place(self, row: Annotation, by: Actor) -> None:
        """A note stands in the grid under its point, also after it was drawn elsewhere."""
        if row.shape is not None:
            row.point = row.shape if row.shape.geom_type == "Point" else row.shape.point_on_surface
        place_scoped(row, by, owner_of=self.owner_of)
        under = Area.objects.grids().filter(shape__covers=row.point).first() if row.point is not None else None
        for level, key in under.ancestors().items() if under else (("grid", None),):
            setattr(row, f"{level}_id", key)

    @column("有效", order="ends_on")
    def standing(self, row: Annotation) -> Any:
        """Whether the note still holds today."""
        over = row.ends_on is not None and row.ends_on <= time.today()
        return format_html('<span class="soft">已过期</span>') if over else "有效"

    def check(self, row: Annotation, by: Actor) -> None:
        """Only places and matters, inside a grid, with dates in order."""
        said = rules.note_fault(f"{row.name} {row.text}", row.no_person)
        if said:
            raise BadInput({"text" if row.text else "name": said})
        if row.ends_on is not None and row.ends_on < row.starts_on:
            raise BadInput({"ends_on": "结束日期不能早于开始日期。"})
        if row.shape is not None and row.shape.geom_type not in SHAPES:
            raise BadInput({"shape": "一条标注画一个点、一条线或一个面。"})
        if row.shape is not None and row.grid_id is None:
            raise BadInput({"shape": "这个位置不在本区任何网格内，请核对坐标。"})

    def belong(self, row: Annotation, unit: Unit) -> None:
        grid = sample_grid(unit)
        row.point = grid.centre
        for level, key in grid.ancestors().items():
            setattr(row, f"{level}_id", key)

    def examples(self, n: int) -> dict[str, Any]:
        return {"text": f"样例说明{n}", "ends_on": None, "no_person": True}


@register
class Divisions(Registry):
    """Divisions of communities (网格划分): drafts, those in force, and who decided what and why."""

    model = Division
    slug, title, group, icon = "grid-divisions", "网格划分", GROUP, "scissors"
    clause = "9.1.3-1-1"
    right = {"view": "grids.plot", "export": "grids.export"}
    offers = ("view", "export", "api")
    removal = ""
    list = ("title", "state", "community", "town", "origin", "effective_on", "reason", "created_by", "decided_at")
    also = ("source", "decided_by", "created_at")
    machine = ("title", "state", "origin", "community", "town", "effective_on", "reason", "source", "decided_at")
    state = "state"
    filters = ("origin", "town", "community")
    search = ("title", "reason", "source")
    ordering = ("-created_at",)
    pages = {"detail": None}

    def url_of(self, row: Division) -> str:
        """The page that compares before and after."""
        return f"/grids/divisions/{row.pk}/"
