"""How people, homes and their days are told on screens (显示): names in clear only to a duty post (privacy matrix 2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from hezhi.chapters.grassroots.registers.models import Occupancy, Resident
from hezhi.chapters.grassroots.registers.queries import name_of_code
from hezhi.chapters.grassroots.registers.rules import age, told_span
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.audit import write
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.masks import mask


def names_shown(by: Actor) -> bool:
    """Whether this post serves the homes of its area and therefore sees names in clear."""
    return by.may("residents.names")


@dataclass(frozen=True)
class Somebody:
    """A person as a line of a card (人员一行)."""

    name: str
    number: str = ""
    url: str = ""
    relation: str = ""
    told: str = ""
    phone: str = ""
    reveal_url: str = ""
    call_url: str = ""
    span: str = ""
    role: str = ""
    home: str = ""
    home_url: str = ""
    ended: bool = False
    id: str = ""
    end: str = ""


def person_line(person: Resident, by: Actor, **more: Any) -> Somebody:
    """A resident: name by right, sex and age, phone always masked with the way to see it once."""
    shown = names_shown(by)
    told = [name_of_code("sex", person.sex)] if person.sex else []
    if person.birth_date:
        told.append(f"{age(person.birth_date, time.today())} 岁")
    return Somebody(
        name=person.person_name if shown else mask("name", person.person_name),
        number=person.number,
        url=addresses.page("residents", person.pk),
        told=" · ".join(told),
        phone=mask("phone", person.phone),
        reveal_url=addresses.page("residents", person.pk, "reveal", "phone") if by.may("residents.reveal") else "",
        call_url=reverse("grid-call", args=[person.pk]) if person.phone else "",
        **more,
    )


def occupancy_line(row: Occupancy, by: Actor, *, with_home: bool = False) -> Somebody:
    """One dated relation: who, as what, from when to when, and in which home."""
    more: dict[str, Any] = {
        "role": row.get_role_display(), "span": told_span(row.since, row.until), "ended": row.until is not None,
        "relation": name_of_code("relation", row.relation) if row.relation else "", "id": str(row.pk),
        "end": name_of_code("end_reason", row.end_reason) if row.end_reason else "",
    }  # fmt: skip
    if with_home:
        more |= {"home": row.home.full_name, "home_url": addresses.page("homes", row.home_id)}
    if row.resident is not None:
        return person_line(row.resident, by, **more)
    name = row.outside_name if names_shown(by) else mask("name", row.outside_name)
    return Somebody(name=name, phone=mask("phone", row.outside_phone), told="非本区登记人员", **more)


def names_were_read(people: Sequence[Resident], by: Actor) -> None:
    """One row of the audit for all people whose names a page showed in clear (查阅留痕)."""
    if people:
        objects = [("registers.resident", person.pk) for person in people]
        write(by, "records.read_personal", objects, purpose=Resident.purpose, detail={"fields": ["person_name"]})


def lines(rows: Iterable[Occupancy], by: Actor, *, with_home: bool = False) -> list[Somebody]:
    """Several of them; that names were read is written down once for the page."""
    found = list(rows)
    if names_shown(by):
        people = list(dict.fromkeys(row.resident for row in found if row.resident is not None))
        names_were_read(people, by)
    return [occupancy_line(row, by, with_home=with_home) for row in found]
