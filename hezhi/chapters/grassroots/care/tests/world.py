"""A small care office for tests (测试用的帮扶室): two towns, a team, strangers, and a few invented residents."""

import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.core.files.uploadedfile import SimpleUploadedFile

from hezhi.chapters.grassroots.care import actions, rules
from hezhi.chapters.grassroots.care.models import CareFile, Programme
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.engines.flow import timing
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Role, Unit, User
from hezhi.engines.org.testkit import actor, make_officers, make_roles, make_unit, traced
from hezhi.engines.reach.api import load_templates
from hezhi.engines.records.files import LookedThrough, look_through
from hezhi.ground import time
from hezhi.ground.uploads.tests import makers

SINCE = date(2020, 1, 1)
ID_NUMBER = "370211194903070026"
PEOPLE = {
    "supervisor": ("care_supervisor", "温若水"), "worker": ("care_worker", "江清和"), "deputy": ("care_worker", "沈知远"),
    "neighbour": ("care_worker", "苏望舒"), "other_supervisor": ("care_supervisor", "陆景行"), "protector": ("care_protector", "顾云舒"),
    "chief": ("duty_chief", "程晚晴"), "leader": ("district_leader", "叶怀瑾"), "admin": ("system_admin", "黎松月"),
    "auditor": ("audit_admin", "卓听澜"), "petitions": ("petition_officer", "简砚"),
}  # fmt: skip


def paper(name: str = "影响评估报告.pdf") -> LookedThrough:
    """A small paper that was looked through at the door."""
    return look_through([SimpleUploadedFile(name, makers.pdf(), "application/pdf")])[0]


@dataclass
class Office:
    """People by their part, areas, residents and programmes."""

    people: dict[str, User] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)

    def __getitem__(self, part: str) -> Actor:
        return actor(self.people[part]).at(channel="officer", address="127.0.0.1", request_id="test")

    def programme(self, code: str, *, on: bool = True) -> Programme:
        """A seed programme, with its assessment on file and open unless told otherwise."""
        row = Programme.objects.get(code=code)
        if on and not row.enabled:
            today = time.today()
            actions.assess(
                row.pk, by=self["protector"], number="PIA-测试-01", on=today, until=today + timedelta(days=300), paper=paper(),
            )  # fmt: skip
            if row.needs_order:
                actions.note_order(
                    row.pk, by=self["protector"], number="卫健〔2026〕1 号", officer_id=self.people["supervisor"].pk,
                    unit_id=self.units["centre"].pk, paper=paper("文件.pdf"),
                )  # fmt: skip
            row = actions.enable(row.pk, by=self["protector"])
        return row

    def resident(self, name: str = "池向晚", born: date | None = date(1949, 3, 7), **more: Any) -> Resident:
        """An invented resident of the first community."""
        traced()
        moment = time.now()
        fields = {
            "person_name": name, "number": f"RK{Resident.objects.count():06}", "birth_date": born, "phone": "19900002222",
            "live_address": "平江路 8 号 2 单元 301", "town": self.areas["town"], "community": self.areas["community"],
            "created_at": moment, "changed_at": moment,
        }  # fmt: skip
        return Resident.objects.create(**fields | more)

    def file(self, code: str = "alone", resident: Resident | None = None, **more: Any) -> CareFile:
        """A file opened by the supervisor for the worker."""
        programme = self.programme(code)
        kind = "authority" if programme.mirror else "consent" if programme.needs_order else "duty"
        told = {
            "resident_id": (resident or self.resident()).pk, "worker_id": self.people["worker"].pk,
            "deputy_id": self.people["deputy"].pk, "basis_kind": kind, "basis": "海帮〔2026〕12 号", "consent_by": "self",
            "summary": "独居，行动不便", "goal": "一日三餐有着落",
        }  # fmt: skip
        return actions.open_file(programme.pk, by=self["supervisor"], **told | more)


def build() -> Office:
    """Make the office; call it inside a test's transaction."""
    timing.forget()
    traced()
    _roles()
    office = Office()
    district = _area(office, "district", "海风区", Area.Level.DISTRICT, None, 0)
    town = _area(office, "town", "海风街道", Area.Level.TOWN, district, 0)
    _area(office, "town2", "云岭镇", Area.Level.TOWN, district, 1)
    _area(office, "community", "平江社区", Area.Level.COMMUNITY, town, 0)
    office.units["centre"] = make_unit("centre", Unit.Kind.CENTRE, name="区社会治理中心", area=district)
    office.units["bureau"] = make_unit("D01", Unit.Kind.DEPARTMENT, office.units["centre"], name="区住房和城乡建设局")
    office.units["branch"] = make_unit("D0101", Unit.Kind.DEPARTMENT, office.units["bureau"], name="房屋维修所")
    office.units["water"] = make_unit("D02", Unit.Kind.DEPARTMENT, office.units["centre"], name="区水务局")
    told = [(part, name, role, "centre") for part, (role, name) in PEOPLE.items()]
    told += [
        ("bureau_handler", "bureau_handler", "handler", "bureau"),
        ("water_handler", "water_handler", "handler", "water"),
    ]
    roles = {role.code: role for role in Role.objects.all()}
    officers = make_officers([(part, name, roles[role], office.units[unit]) for part, name, role, unit in told])
    office.people = {user.login_name: user for user in officers}
    load_templates(by=system("test"))
    actions.load_programmes(by=system("test"))
    return office


def _roles() -> None:
    """The room's own roles as it tells them, and of the others what this room grants them."""
    told = tomllib.loads((Path(rules.__file__).parent / "data/rights.toml").read_text("utf-8"))
    roles: dict[str, dict[str, Any]] = {
        row["code"]: {name: row[name] for name in ("permissions", "name", "reach")} for row in told["role"]
    }
    for code, permissions in told["grants"].items():
        reach = "unit_tree" if code == "handler" else "district"
        roles[code] = {"permissions": [*permissions, "cases.view", "reach.inbox"], "reach": reach}
    roles["system_admin"] = {"permissions": ["org.accounts", "org.view"], "kind": Role.Kind.SYSTEM_ADMIN}
    roles["audit_admin"] = {"permissions": ["audit.view"], "kind": Role.Kind.AUDIT_ADMIN}
    make_roles(roles)


def _area(office: Office, name: str, title: str, level: str, parent: Area | None, at: int) -> Area:
    x = 120.0 + at / 10
    shape = MultiPolygon(Polygon(((x, 36), (x + 0.05, 36), (x + 0.05, 36.05), (x, 36.05), (x, 36))), srid=4326)
    above = {f"{k}_id": v for k, v in parent.ancestors().items() if v} if parent else {}
    area = Area(
        code=f"3702{len(office.areas):05}", name=title, full_name=title, level=level, parent=parent, shape=shape,
        centre=shape.centroid, valid_from=SINCE,
    )  # fmt: skip
    for key, value in above.items():
        if hasattr(area, key):
            setattr(area, key, value)
    area.save()
    office.areas[name] = area
    return area
