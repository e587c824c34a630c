"""经济社会组织、九小场所、群防群治组织 as registries (9.1.3-2-5, -8, -9)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q

from hezhi.chapters.grassroots.registers.actions.numbering import next_number
from hezhi.chapters.grassroots.registers.models import (
    Enterprise,
    SmallPlace,
    SocialOrganisation,
    VolunteerGroup,
    VolunteerMember,
)
from hezhi.chapters.grassroots.registers.queries import check_due
from hezhi.chapters.grassroots.registers.registries.common import (
    APPROVAL,
    AREAS,
    GROUP,
    below,
    not_in_future,
    put_right,
    put_uscc_right,
    refuse,
    rights,
)
from hezhi.chapters.grassroots.registers.registries.more_tabs import MemberTabs, PlaceTabs
from hezhi.chapters.grassroots.registers.rules import GROWN_UP, age, name_fault, next_check, too_large
from hezhi.engines.dossier.extra import ExtraFields
from hezhi.engines.dossier.maps import OnMap
from hezhi.engines.dossier.tags import Tags
from hezhi.engines.dossier.ties import Pointing, Relations
from hezhi.engines.dossier.verified import Verified
from hezhi.engines.dossier.visits import Visits
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.abilities import Files, Remarks
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.identifiers import uscc_check_sign
from hezhi.ground.text import tidy_name

PARTY_BUILDING = (
    "has_party", "party_members", "has_union", "union_members", "has_league", "league_members", "has_women",
    "women_count",
)  # fmt: skip


def example_uscc(n: int) -> str:
    """A credit code of nobody: area 999999, with a fitting check sign."""
    head = f"91999999YAN{n:06d}"
    return head + uscc_check_sign(head)


class OrganisationRegistry(Registry):
    """What the registries of both kinds of organisation share."""

    group, icon = GROUP, "building"
    clause = "9.1.3-2-5"
    search = ("name", "uscc", "address")
    state = "status"
    ordering = ("name",)
    natural_key = ("uscc",)
    on_map = "point"
    owner_of = "community"
    parts = (OnMap(), ExtraFields(), Verified(), Files(), Remarks(), APPROVAL)

    def prepare(self, row: Any, by: Actor) -> None:
        """Credit code and phones in their one form."""
        put_uscc_right(row)
        put_right(row, "phone", "rep_phone", "security_phone")

    def check(self, row: Any, by: Actor) -> None:
        """A body that is said not to be there has no members."""
        pairs = (
            ("has_party", "party_members"), ("has_union", "union_members"), ("has_league", "league_members"),
        )  # fmt: skip
        told = {
            many: f"勾选“{row._meta.get_field(has).verbose_name}”后再填人数"
            for has, many in pairs
            if getattr(row, many) and not getattr(row, has)
        }
        if row.party_members > row.staff_count:
            told["party_members"] = "党员数不能多于员工数"
        refuse(told)

    def examples(self, n: int) -> dict[str, Any]:
        numbers = {"staff_count": 50, "party_members": 3, "union_members": 5, "league_members": 4, "women_count": 9}
        phones = {"phone": f"0532-86{n:06d}", "rep_phone": f"139{n:08d}", "security_phone": f"138{n:08d}"}
        yes = dict.fromkeys(("has_party", "has_union", "has_league", "has_women"), True)
        return {"uscc": example_uscc(n), "status": "open", **numbers, **phones, **yes}


@register
class Enterprises(OrganisationRegistry):
    """Private firms and shopkeepers."""

    model = Enterprise
    slug, title = "enterprises", "非公有制经济组织"
    right = rights("enterprises")
    list = ("name", "uscc", "kind", "community", "staff_count", "rep_name", "rep_phone", "has_party", "hazard")
    also = ("address", "grid", "attention", "hazchem", "party_possible", "party_members", "last_inspected_on")
    filters = (*AREAS, "kind", "hazard", "hazchem", "attention", "has_party", "party_possible")
    form = (
        (
            "基本信息",
            ("uscc", "name", "kind", "status", "address", "community", "grid", "point", "phone", "staff_count"),
        ),
        ("负责人", ("rep_name", "rep_phone", "security_name", "security_phone")),
        ("安全", ("hazchem", "hazchem_licence", "hazard", "attention", "last_inspected_on")),
        ("党群组织", ("party_possible", *PARTY_BUILDING)),
    )
    bulk = ("kind", "status", "hazard", "attention", "party_possible")
    purpose = "联系企业负责人，开展服务和安全检查"
    personal = ("rep_name", "rep_phone", "security_name", "security_phone")
    masked = ("rep_phone", "security_phone")

    def check(self, row: Enterprise, by: Actor) -> None:
        super().check(row, by)
        not_in_future(row, "last_inspected_on")
        if row.hazchem and not row.hazchem_licence:
            refuse({"hazchem_licence": "危化企业须填写许可证号"})

    def examples(self, n: int) -> dict[str, Any]:
        return super().examples(n) | {"last_inspected_on": date(2025, 1, n % 28 + 1)}


@register
class SocialOrganisations(OrganisationRegistry):
    """Associations, private non-profit bodies and foundations."""

    model = SocialOrganisation
    slug, title = "social-organisations", "社会组织"
    right = rights("social_organisations")
    list = ("name", "uscc", "kind", "community", "head_name", "head_phone", "staff_count", "has_party", "approved_on")
    also = ("certificate", "authority", "address", "grid", "rep_name", "rep_phone", "party_members")
    filters = (*AREAS, "kind", "has_party", "approved_on")
    form = (
        (
            "基本信息",
            (
                "uscc", "name", "kind", "status", "certificate", "authority", "approved_on", "address", "office",
                "community", "grid", "point", "phone", "staff_count", "funding", "foreign_link",
            ),
        ),
        ("负责人", ("rep_name", "rep_phone", "head_name", "head_phone", "security_name", "security_phone")),
        ("党群组织", PARTY_BUILDING),
    )  # fmt: skip
    bulk = ("kind", "status", "authority")
    purpose = "联系社会组织负责人，开展服务和年检提醒"
    personal = ("rep_name", "rep_phone", "head_name", "head_phone", "security_name", "security_phone")
    masked = ("rep_phone", "head_phone", "security_phone")

    def prepare(self, row: SocialOrganisation, by: Actor) -> None:
        super().prepare(row, by)
        put_right(row, "head_phone")

    def check(self, row: SocialOrganisation, by: Actor) -> None:
        super().check(row, by)
        not_in_future(row, "approved_on")

    def examples(self, n: int) -> dict[str, Any]:
        return super().examples(n) | {"head_phone": f"137{n:08d}", "approved_on": date(2020, 1, n % 28 + 1)}


@register
class SmallPlaces(Registry):
    """Small shops, eateries, inns and workshops, looked after for fire safety."""

    model = SmallPlace
    slug, title, group, icon = "small-places", "九小场所", GROUP, "building"
    clause = "9.1.3-2-8"
    right = rights("small_places") | {"visit": "small_places.edit"}
    list = ("name", "kind", "community", "address", "keeper_name", "keeper_phone", "licence_until", "last_inspected_on", "hazard")  # fmt: skip
    also = ("number", "uscc", "grid", "building", "floor_area", "staff_count", "capacity", "sleeps_on_site", "gas", "rectify_until", "next_look")  # fmt: skip
    filters = (*AREAS, "kind", "hazard", "licence_until")
    more_filters = {
        "late": YesNoFilter(label="逾期未整改", condition=lambda: Q(rectify_until__lt=time.today())),
        "expired": YesNoFilter(label="许可证过期", condition=lambda: Q(licence_until__lt=time.today())),
        "check_due": YesNoFilter(label="到期未检查", condition=check_due),
    }
    search = ("name", "address", "uscc", "number")
    search_hint = "名称、地址、信用代码"
    ordering = ("number",)
    natural_key = ("number",)
    form = (
        ("基本信息", ("name", "kind", "uscc", "address", "building", "community", "grid", "point", "number")),
        ("负责人", ("keeper_name", "keeper_phone")),
        ("规模", ("floor_area", "floors", "staff_count", "capacity")),
        ("安全", ("licence", "licence_until", "fire_checked_on", "sleeps_on_site", "gas", "extinguishers")),
        ("检查与隐患", ("last_inspected_on", "inspect_every", "hazard", "hazard_note", "rectify_until")),
    )
    bulk = ("kind", "inspect_every", "last_inspected_on", "hazard", "rectify_until")
    purpose = "联系场所负责人，开展消防安全检查和整改提醒"
    personal = ("keeper_name", "keeper_phone")
    masked = ("keeper_phone",)
    on_map = "point"
    owner_of = "community"
    parts = (
        PlaceTabs(), OnMap(),
        Visits(("日常巡查", "消防检查", "隐患复查", "安全宣传"), right="visit"),
        Tags(purpose="标出场所的位置和经营特点，便于安排巡查"),
        ExtraFields(), Verified(), Files(), Remarks(), APPROVAL,
    )  # fmt: skip

    @column("下次检查", value="last_inspected_on")
    def next_look(self, row: SmallPlace) -> str:
        """By the rhythm of this place; at once when nobody has looked yet."""
        ahead = next_check(row.last_inspected_on, row.inspect_every)
        return f"{ahead}" if ahead else "尚未检查"

    def prepare(self, row: SmallPlace, by: Actor) -> None:
        """Number, and numbers in their one form; a place in a known building lies where that lies."""
        row.number = row.number or next_number("place")
        if row.uscc:
            put_uscc_right(row)
        put_right(row, "keeper_phone")
        if row.building is not None and row.grid_id is None:
            below(row, row.building)

    def check(self, row: SmallPlace, by: Actor) -> None:
        """Small enough to be one of the nine; inspected in the past; a hazard with its term."""
        refuse({"keeper_name": name_fault(tidy_name(row.keeper_name)), **too_large(row.kind, vars(row))})
        not_in_future(row, "fire_checked_on", "last_inspected_on")
        found = row.hazard != "00"
        refuse(
            {
                "rectify_until": None if bool(row.rectify_until) == found else "有隐患时填写整改期限，没有隐患时留空",
                "inspect_every": None if 1 <= row.inspect_every <= 365 else "检查周期应为 1 至 365 天",
            }
        )

    def tone_of(self, row: SmallPlace) -> str:
        """Red when a licence has run out or a rectification is late."""
        days = (row.licence_until, row.rectify_until)
        return "over" if any(day is not None and day < time.today() for day in days) else ""

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "keeper_name": "柏样例", "keeper_phone": f"139{n:08d}", "uscc": example_uscc(n), "floor_area": 60,
            "capacity": 20, "staff_count": 5, "hazard": "01", "rectify_until": date(2030, 1, 1),
            "inspect_every": 90, "fire_checked_on": date(2025, 1, 1), "last_inspected_on": date(2025, 6, n % 28 + 1),
            "number": f"P{n:06d}",
        }  # fmt: skip


@register
class VolunteerGroups(Registry):
    """Groups of neighbours and guards."""

    model = VolunteerGroup
    slug, title, group, icon = "volunteer-groups", "群防群治组织", GROUP, "flag"
    clause = "9.1.3-2-9"
    right = rights("volunteer_groups")
    list = ("name", "kind", "level", "community", "head_name", "head_phone", "member_count", "guiding_department")
    also = ("town", "grid", "address", "duties", "equipment")
    filters = (*AREAS, "kind", "level")
    search = ("name", "guiding_department", "address")
    ordering = ("name",)
    natural_key = ("community", "name")
    form = (
        ("基本信息", ("name", "kind", "level", "guiding_department", "community", "grid", "address", "point")),
        ("职能与人员", ("duties", "member_count", "equipment")),
        ("负责人", ("head_name", "head_phone")),
    )
    bulk = ("kind", "level", "guiding_department")
    purpose = "联系群防群治组织负责人，组织值勤和集合"
    personal = ("head_name", "head_phone")
    masked = ("head_phone",)
    on_map = "point"
    owner_of = "community"
    parts = (
        OnMap(),
        Relations(
            lists=(
                Pointing("volunteer-members", "group", "队员"), Pointing("volunteer-shifts", "group", "值勤"),
                Pointing("volunteer-activities", "group", "活动"),
            )
        ),
        Tags(purpose="标出队伍的任务，便于集合调用"), Files(), Remarks(), APPROVAL,
    )  # fmt: skip

    def prepare(self, row: VolunteerGroup, by: Actor) -> None:
        put_right(row, "head_phone")

    def check(self, row: VolunteerGroup, by: Actor) -> None:
        """It has a head; one with members cannot be removed."""
        refuse({"head_name": name_fault(tidy_name(row.head_name))})
        if row.removed_at and row.members.filter(removed_at__isnull=True).exists():
            raise NotNow(what="这个组织还有队员，不能删除。", remedy="请先删除其中的队员。", code="registers.not_empty")

    def examples(self, n: int) -> dict[str, Any]:
        return {"head_name": "安样例", "head_phone": f"139{n:08d}"}


@register
class VolunteerMembers(Registry):
    """Members of these groups."""

    model = VolunteerMember
    slug, title, group, icon = "volunteer-members", "群防群治队员", GROUP, "users"
    clause = "9.1.3-2-9"
    right = rights("volunteer_groups")
    list = ("person_name", "group", "sex", "post", "skills", "mobile", "trained_on", "insured_until")
    also = ("number", "community", "grid", "telephone")
    filters = (*AREAS, "group", "sex", "trained_on", "insured_until")
    search = ("number", "group__name", "post")
    ordering = ("number",)
    natural_key = ("number",)
    named_by = "person_name"
    form = (
        ("队员", ("group", "person_name", "sex", "birth_date", "post", "skills", "number")),
        ("联系", ("mobile", "telephone")),
        ("保障", ("trained_on", "insured_until")),
    )
    bulk = ("post", "trained_on", "insured_until")
    purpose = VolunteerMember.purpose
    personal = ("person_name", "sex", "birth_date", "mobile", "telephone")
    of_persons = True
    masked = {"person_name": "name", "mobile": "phone", "telephone": "phone"}
    parts = (MemberTabs(), Files(), APPROVAL)

    def place(self, row: VolunteerMember, by: Actor) -> None:
        """A member belongs where the group belongs."""
        below(row, row.group)

    def prepare(self, row: VolunteerMember, by: Actor) -> None:
        row.number = row.number or next_number("member")
        row.person_name = tidy_name(row.person_name)
        put_right(row, "mobile", "telephone")

    def check(self, row: VolunteerMember, by: Actor) -> None:
        """Of age, with a name that can be one."""
        not_in_future(row, "trained_on", "birth_date")
        young = age(row.birth_date, time.today()) < GROWN_UP
        refuse(
            {
                "person_name": name_fault(row.person_name),
                "birth_date": f"队员须年满 {GROWN_UP} 周岁" if young else None,
            }
        )

    def examples(self, n: int) -> dict[str, Any]:
        digits = "".join("零一二三四五六七八九"[int(sign)] for sign in str(n))
        return {
            "person_name": f"欧阳队{digits}", "birth_date": date(1980, 1, n % 28 + 1), "mobile": f"139{n:08d}",
            "telephone": f"0532-86{n:06d}", "trained_on": date(2025, 1, n % 28 + 1), "number": f"V{n:06d}",
            "skills": ["15", "17"],
        }  # fmt: skip
