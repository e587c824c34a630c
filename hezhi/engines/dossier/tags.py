"""Labels (标签): words that a unit puts on rows of a registry, kept as data.

On a registry of personal information they would become categories of people, so it must say what for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from hezhi.engines.dossier.models import Tag, Tagged
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.records.acting import acting
from hezhi.engines.registry.columns import Column
from hezhi.engines.registry.filters import KeysFilter
from hezhi.engines.registry.parts import Panel, Part
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound
from hezhi.ground.text import one_line

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry


class TagFilter(KeysFilter):
    """Rows that carry one of the labels (按标签)."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        super().__init__(label="标签", target=Tag)

    def rows(self, by: Actor) -> QuerySet[Tag]:
        """The labels this reader may choose from."""
        return tags_for(self.registry, by)

    def filter(self, rows: Any, value: list[UUID]) -> Any:
        return rows.filter(Exists(Tagged.objects.filter(object_id=OuterRef("pk"), tag__in=value))) if value else rows


class TagsPanel(Panel):
    """The labels of a row, put on and taken off by who may change it (标签)."""

    code, title, template = "tags", "标签", "dossier/tags.html"

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        tagged = Tagged.of(row).select_related("tag__unit").order_by("tag__name")
        told = [(each, owns(by, each.tag)) for each in tagged]
        used = {each.tag_id for each, _ in told}
        open_ = [tag for tag in tags_for(registry, by) if tag.pk not in used]
        return {"tagged": told, "tags": open_, "may_change": registry.offers_to(by, "edit")}

    def receive(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> str | None:
        by.must(registry.permission("edit"))
        if "off" in request.POST:
            take_off(registry, row, request.POST["off"], by=by)
            return "标签已取下。"
        tag = put_on(registry, row, by=by, id=request.POST.get("tag", ""), name=request.POST.get("name", ""))
        return f"已贴上标签“{tag.name}”。"


class Tags(Part):
    """Rows may carry labels (标签). On a registry of personal information `purpose` must say what for.

    Column `tags`, filter `tag`. A label belongs to the unit that made it; units below may use it too.
    """

    def __init__(self, purpose: str = "") -> None:
        self.purpose = purpose

    def problems(self, registry: Registry) -> Sequence[str]:
        if registry.personal and not self.purpose:
            return (
                "labels on personal information sort people into kinds; say what for: Tags(purpose=…) (标签须写明处理目的).",
            )
        return ()

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (TagsPanel(),)

    def filters(self, registry: Registry) -> Mapping[str, Any]:
        return {"tag": TagFilter(registry)}

    def columns(self, registry: Registry) -> Mapping[str, Column]:
        names = Tagged.objects.filter(object_id=OuterRef("pk")).order_by().values("object_id")
        made = {"tags_told": Subquery(names.values(told=StringAgg("tag__name", "、", order_by="tag__name")))}
        return {"tags": Column("tags", "标签", lambda row: getattr(row, "tags_told", None), annotations=made)}


def tags_for(registry: Registry, by: Actor) -> QuerySet[Tag]:
    """The labels in use that this person may put on: of his units, and of those above his own."""
    own = Unit.objects.filter(pk__in=[by.unit_id], path__startswith=OuterRef("unit__path"))
    near = Q(unit__in=by.scope.units) | Q(Exists(own))
    rows = Tag.objects.filter(registry=registry.slug, valid_to__isnull=True).order_by("name")
    return rows if by.scope.everything else rows.filter(near)


def owns(by: Actor, tag: Tag) -> bool:
    """Whether the label belongs to a unit this person acts for."""
    return by.scope.everything or tag.unit_id == by.unit_id or tag.unit_id in by.scope.units


def put_on(registry: Registry, row: Model, *, by: Actor, id: str = "", name: str = "") -> Tag:
    """Put a label on a row (贴标签): one that is there, by id, or a new one of the own unit, by name."""
    name = one_line(name)[:20]
    with acting(by, verb=f"{registry.label}.tag") as deed:
        found = next((tag for tag in tags_for(registry, by) if str(tag.pk) == id or (name and tag.name == name)), None)
        if found is None and not name:
            raise BadInput({"tag": "请选择或填写标签。"})
        unit_id = by.unit_id
        if unit_id is None:
            raise NotAllowed(what="没有任职单位，不能贴标签。")
        tag = found or Tag.objects.create(
            registry=registry.slug, name=name, unit_id=unit_id, created_at=time.now()
        )  # fmt: skip
        if not Tagged.of(row).filter(tag=tag).exists():
            Tagged.on(row, by, tag=tag).save()
        deed.on(row)
        deed.detail = {"tag": tag.name}
    return tag


def take_off(registry: Registry, row: Model, id: str, *, by: Actor) -> None:
    """Take a label of one's own units off a row (取下标签)."""
    each = next((each for each in Tagged.of(row).select_related("tag") if str(each.pk) == id), None)
    if each is None:
        raise NotFound(what="没有找到这个标签。")
    if not owns(by, each.tag):
        raise NotAllowed(what="这个标签由其他单位管理。", remedy="请联系该单位取下。")
    with acting(by, verb=f"{registry.label}.untag") as deed:
        deed.on(row)
        deed.detail = {"tag": each.tag.name}
        each.delete()
