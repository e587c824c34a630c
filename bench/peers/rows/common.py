"""What both peers do with a row: the checks of the register, one row after the other."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from django.db.models import Count, Q

from bench.people import HEADINGS
from hezhi.chapters.grassroots.registers.models import Home, Household, Occupancy, Resident
from hezhi.chapters.grassroots.registers.rules import card_disagrees, look_at_document, name_fault
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.vault import blind
from hezhi.engines.registry.dictionaries import current
from hezhi.ground import time
from hezhi.ground.identifiers import check_phone
from hezhi.ground.ids import new_id
from hezhi.ground.text import tidy_name

BATCH = 1_000
NAMES = (
    "person_name", "kind", "id_type", "id_number", "sex", "birth_date", "phone", "hukou_code", "hukou_address", "home",
    "relation", "labels",
)  # fmt: skip
PLACE = ("district_id", "town_id", "community_id", "grid_id", "unit_id")


class Bad(ValueError):
    """A row that is handed back."""


def read(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file, by field."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as opened:
            for line in csv.DictReader(opened):
                yield {name: line[heading] for name, heading in zip(NAMES, HEADINGS, strict=True)}
        return
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    for line in sheet.iter_rows(min_row=2, values_only=True):
        told = [*line, *[None] * len(NAMES)][: len(NAMES)]
        yield dict(zip(NAMES, ("" if cell is None else str(cell) for cell in told), strict=True))


class Register:
    """What a row is compared with, read once."""

    def __init__(self, by: Actor) -> None:
        self.by, self.moment, self.today = by, time.now(), time.today()
        homes = Home.objects.visible_to(by).filter(removed_at__isnull=True)
        self.homes = {home.number: home for home in homes.only("number", *PLACE, "people_count", "use").iterator()}
        labels = {name: dict(current(name)) for name in ("document", "relation", "service_label")}
        self.codes = {
            name: {label: code for code, label in told.items()} | {c: c for c in told} for name, told in labels.items()
        }
        self.kinds = {str(label): value for value, label in Resident.Kind.choices}
        self.cards = set(Resident.objects.filter(removed_at__isnull=True).values_list("id_blind", flat=True))
        self.alike = set(Resident.objects.filter(removed_at__isnull=True).values_list("person_name", "birth_date"))
        self.next = Resident.objects.count() + 1_000_000
        self.heads: dict[Any, Household | None] = {}

    def values(self, row: dict[str, str]) -> dict[str, Any]:
        """The values of a new row; raises Bad with its reasons."""
        faults: list[str] = []
        name = tidy_name(row["person_name"])
        document = look_at_document(row["id_type"], row["id_number"])
        phone = check_phone(row["phone"]) if row["phone"] else None
        kind, home = self.kinds.get(row["kind"]), self.homes.get(row["home"])
        faults += filter(None, (name_fault(name), document.fault, phone and phone.fault))
        try:
            born = date.fromisoformat(row["birth_date"]) if row["birth_date"] else document.birth_date
        except ValueError:
            born = None
            faults.append("日期有误")
        faults += card_disagrees(document, row["sex"], born).values()
        relation = self.codes["relation"].get(row["relation"], "") if row["relation"] else ""
        words = [word for word in row["labels"].split("、") if word]
        checks = {
            "人口类别": kind, "现住房屋": home, "与户主关系": relation or not row["relation"],
            "证件种类": row["id_type"] in self.codes["document"], "出生日期": born and born <= self.today,
            "服务标签": all(word in self.codes["service_label"] for word in words),
            "户籍地行政区划": len(row["hukou_code"]) == 6 and row["hukou_code"].isdecimal(),
            "户籍地详址": len(row["hukou_address"]) <= 80,
        }  # fmt: skip
        faults += [f"{title}有误" for title, good in checks.items() if not good]
        if faults:
            raise Bad("；".join(faults))
        print_ = str(blind("resident_id", document.value))
        if print_ in self.cards or (name, born) in self.alike:
            raise Bad("已有相同的人")
        self.cards.add(print_)
        self.alike.add((name, born))
        self.next += 1
        return {
            "person_name": name, "kind": kind, "id_type": row["id_type"], "id_number": document.value,
            "sex": row["sex"] or document.sex, "birth_date": born, "phone": phone.value if phone else "",
            "hukou_code": row["hukou_code"], "hukou_address": row["hukou_address"], "home": home, "relation": relation,
            "labels": words, "number": f"{self.next:08d}",
        }  # fmt: skip

    def stamp(self, row: Resident) -> Resident:
        """Where the row lies, and who entered it when."""
        for name in PLACE:
            setattr(row, name, getattr(row.home, name))
        row.created_at = row.changed_at = self.moment
        row.created_by_id = row.changed_by_id = self.by.user_id
        return row

    def settle(self, rows: list[Resident]) -> None:
        """Households, where each one lives, and how many live there."""
        households, living = [], []
        for row in rows:
            if row.relation == "02":
                made = Household(
                    id=new_id(), number=row.number, home=row.home, head=row, since=self.today, created_at=self.moment,
                    changed_at=self.moment, created_by_id=self.by.user_id, changed_by_id=self.by.user_id,
                    **{name: getattr(row, name) for name in PLACE},
                )  # fmt: skip
                households.append(made)
                self.heads[row.home_id] = made
            row.household = self.heads.get(row.home_id)
            living.append(
                Occupancy(
                    home_id=row.home_id, resident=row, household=row.household, role="lives", relation=row.relation,
                    since=self.today, entered_at=self.moment,
                )
            )  # fmt: skip
        Household.objects.bulk_create(households)
        Occupancy.objects.bulk_create(living)

    def recount(self) -> None:
        """How many people each home has."""
        many = dict(
            Home.objects.annotate(many=Count("occupancies", filter=Q(occupancies__until__isnull=True)))
            .filter(many__gt=0)
            .values_list("pk", "many")
        )
        homes = list(Home.objects.filter(pk__in=many).only("people_count", "use"))
        for home in homes:
            home.people_count, home.use = many[home.pk], "own"
        Home.objects.bulk_update(homes, ["people_count", "use"], batch_size=BATCH)
