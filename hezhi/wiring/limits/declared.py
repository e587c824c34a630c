"""Guards over declarations (台账声明、角色、网址): columns, order, map, export, masks, purposes, who holds what."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from hezhi.engines.org.models import Role
from hezhi.engines.records.vault import SealedTextField
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.models import ExportRun
from hezhi.wiring.limits.findings import Finding
from hezhi.wiring.limits.people import CARE, People, target_of, where
from hezhi.wiring.limits.tables import is_number, is_personal
from hezhi.wiring.limits.world import World

MOST_EXPORTED = 500
CARE_ONLY = re.compile(r"^care\.(supervise|protect|programmes|emergency)$")
"""Rights that only the care room's own roles may hold; `care.work` opens nothing without an assignment."""


def named(registry: Registry) -> str:
    """The declaration by its class, as a person finds it."""
    return f"{type(registry).__module__.removeprefix('hezhi.')}.{type(registry).__qualname__}"


def paths(registry: Registry) -> set[str]:
    """Every field path a declaration names, wherever it stands."""
    form = () if isinstance(registry.form, type) else registry.form_fields
    told = (
        *registry.list,
        *registry.also,
        *registry.machine,
        *registry.filters,
        *registry.search,
        *form,
        *registry.needs,
    )
    return {*told, *(p.lstrip("-") for p in registry.ordering), *filter(None, (registry.state, registry.on_map))}


def models_on(registry: Registry, path: str) -> list[Any]:
    """The fields a path runs over; empty for a column that is a method."""
    found, model = [], registry.model
    for step in path.split("__"):
        try:
            field: Any = model._meta.get_field(step)
        except FieldDoesNotExist:
            break
        found.append(field)
        if not field.is_relation or field.related_model is None:
            break
        model = field.related_model
    return found


# -- P1 --------------------------------------------------------------------------------------------


def no_ranking(world: World, people: People) -> Iterator[Finding]:
    """Persons are found, not ranked: no list of persons runs by a number or by the programme they are in."""
    for registry in _about(world, people.hanging):
        for path in (p.lstrip("-") for p in registry.ordering):
            last = (models_on(registry, path) or [None])[-1]
            if last is not None and (is_number(last) or _leads_to_care(last)) and last.name != "revision":
                yield Finding("P1", named(registry), f"按“{path}”给个人排序，就是排名")
        for name, column in registry.told_columns.items():
            last = (models_on(registry, name) or [None])[-1]
            if last is not None and (is_number(last) or _leads_to_care(last)) and registry.can_sort(name):
                unit = {**getattr(registry.model, "measures", {})}.get(name)
                if not unit or _leads_to_care(last):
                    yield Finding("P1", named(registry), f"个人可以按“{column.label}”排序，就是排名")


def _leads_to_care(field: Any) -> bool:
    return bool(field.is_relation and field.remote_field is not None and target_of(field).startswith(f"{CARE}."))


# -- P4, P6, P8 ------------------------------------------------------------------------------------


def no_list_of_petitioners(world: World, people: People) -> Iterator[Finding]:
    """A registry of petitions lists matters; nobody lists the parties."""
    for registry in _about(world, people.special):
        label = registry.model._meta.label_lower
        if re.search("petition|信访|上访", label + registry.title) and label != "care.petitionmatter":
            yield Finding("P4", named(registry), "信访只登记事项，不列人员名单")
        elif label == "care.petitionmatter" and any("part" in p for p in paths(registry) - {"parts"}):
            yield Finding("P4", named(registry), "事项台账不列当事人")


def care_stays_inside(world: World, people: People) -> Iterator[Finding]:
    """No registry shows a column that runs into a care file; a registry of care rows keeps the assignment."""
    for registry in world.registries:
        inside = registry.model in people.special
        for path in sorted(paths(registry)):
            fields = models_on(registry, path)
            care = [f for f in fields if f.is_relation and getattr(f.related_model, "_meta", None)]
            care = [f for f in care if f.related_model in people.special or f.related_model._meta.app_label == CARE]
            if care and not inside:
                yield Finding("P6", named(registry), f"“{path}”一列会让旁人看到某人有没有帮扶档案")
        if inside and type(registry).scope.__name__ != "scoped":
            yield Finding("P6", named(registry), "帮扶内容只按指派查看，不按单位或公开查看")


def no_map_of_persons_in_care(world: World, people: People) -> Iterator[Finding]:
    """Nothing in care is on a map; who stands on any map as a person has agreed to it."""
    for registry in world.registries:
        if not registry.on_map:
            continue
        if registry.model in people.special:
            yield Finding("P8", named(registry), "帮扶对象不上图")
        elif registry.model in people.hanging:
            agreed = {f.name for f in registry.model._meta.get_fields() if re.search("consent|agreed|同意", f.name)}
            if not agreed and where(registry.model) not in world.allowed.get("positions", {}):
                yield Finding("P8", named(registry), "个人上图没有记录本人同意")


def no_map_address_in_care(world: World, people: People) -> Iterator[Finding]:
    """No address under the care room answers with points or a file to take away."""
    for path, view in world.addresses:
        if getattr(view, "__module__", "").startswith("hezhi.chapters.grassroots.care") or path.startswith("/care/"):
            if re.search(r"geojson|/map/|/tiles?/|\.pbf|points", path):
                yield Finding("P8", path, "帮扶内容没有地图接口")
            if re.search(r"export|download|导出|\.xlsx|\.csv", path):
                yield Finding("P10", path, "帮扶内容没有导出接口")


# -- P9, P10, P13 ----------------------------------------------------------------------------------


def masked_on_screen(world: World, people: People) -> Iterator[Finding]:
    """A sealed value that a list, a form of the machine or an export shows is masked."""
    for registry in world.registries:
        masked = set(registry.mask_kinds)
        for name in (*registry.list, *registry.also, *registry.machine):
            fields = models_on(registry, name)
            if fields and isinstance(fields[-1], SealedTextField) and name not in masked:
                yield Finding("P9", named(registry), f"“{fields[-1].verbose_name}”在屏幕上没有遮盖")


def exports_have_a_second_person(world: World, people: People) -> Iterator[Finding]:
    """Care gives no export; personal data go only after another person's word, five hundred rows at most."""
    for registry in world.registries:
        if registry.model in people.special and "export" in registry.offers:
            yield Finding("P10", named(registry), "帮扶内容不得导出")
        personal = bool(registry.personal) or registry.model in people.hanging
        if not personal or "export" not in registry.offers:
            continue
        if registry.export_rows_personal > MOST_EXPORTED:
            yield Finding(
                "P10", named(registry), f"个人信息一次导出 {registry.export_rows_personal} 行，超过 {MOST_EXPORTED} 行"
            )
        if _opens_by_itself(registry):
            yield Finding("P10", named(registry), "个人信息未经第二人审批就能导出")
        if not registry.personal:
            yield Finding("P10", named(registry), "涉及个人的台账没有声明个人信息，导出会绕过审批")


def _opens_by_itself(registry: Registry) -> bool:
    """Whether some part lets an export go at once."""
    from hezhi.engines.org.actor import Actor

    run = ExportRun(registry=registry.slug, personal=True)
    for part in registry.parts:
        gate = part.export_gate(registry, run, Actor())
        if gate is not None:
            return bool(gate.is_open)
    return False


def personal_columns_are_declared(world: World, people: People) -> Iterator[Finding]:
    """A registry that shows or takes something personal says so, and what for."""
    for registry in _about(world, people.hanging):
        told = set(registry.personal)
        shown = paths(registry) - {registry.on_map}
        for name in sorted(shown):
            fields = models_on(registry, name)
            if fields and not fields[-1].is_relation and is_personal(fields[-1]) and name not in told:
                yield Finding("P13", named(registry), f"“{fields[-1].verbose_name}”是个人信息，没有在 personal 中写明")


def _about(world: World, models: set[Any]) -> list[Registry]:
    return [registry for registry in world.registries if registry.model in models]


# -- who holds what --------------------------------------------------------------------------------


def administrators_know_nothing(world: World, people: People) -> Iterator[Finding]:
    """No administrator and no leader opens care by his role."""
    for role in world.roles:
        held = [code for code in role.permissions if code.startswith("care.")]
        if held and role.kind != Role.Kind.BUSINESS:
            yield Finding("P6", f"角色 {role.name}", f"系统、安全、审计管理员不得持有 {'、'.join(held)}")
        if not role.code.startswith("care_"):
            wide = [
                code for code in held if CARE_ONLY.match(code) and (role.code, code) != ("duty_chief", "care.emergency")
            ]
            if wide:
                yield Finding("P6", f"角色 {role.name}", f"{'、'.join(wide)} 只属于帮扶岗位自己的角色")


GUARDS = (
    no_ranking, no_list_of_petitioners, care_stays_inside, no_map_of_persons_in_care, no_map_address_in_care, masked_on_screen,
    exports_have_a_second_person, personal_columns_are_declared, administrators_know_nothing,
)  # fmt: skip
