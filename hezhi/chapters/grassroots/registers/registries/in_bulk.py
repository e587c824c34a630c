"""Residents from large files (人口大批量导入): which rows need no second look, and where they live afterwards."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

from hezhi.chapters.grassroots.registers.actions import in_bulk as settling
from hezhi.chapters.grassroots.registers.actions.living import HEAD
from hezhi.chapters.grassroots.registers.models import Resident, StagedResident
from hezhi.chapters.grassroots.registers.registries.people import Residents
from hezhi.chapters.grassroots.registers.rules import OWN_CARDS
from hezhi.engines.bulk.declaration import Bulk, Values, in_bulk
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.identifiers import id_check_sign
from hezhi.ground.ids import new_ids

_NAME = re.compile(r"[\u4e00-\u9fff]{2,50}")
_CARD = re.compile(r"[0-9]{17}[0-9X]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PLACE_CODE = re.compile(r"[0-9]{6}")


@in_bulk
class ResidentsInBulk(Bulk):
    """People by the hundred thousand: from the household register, or from another system."""

    registry = Residents
    staged = StagedResident
    known_print = "id_blind"
    lies_with = "home"
    placed_by = ("community", "grid")
    number_sql = settling.NEXT_NUMBER
    beside_sql = f"LEFT JOIN {settling.MOVING_IN} AS m ON m.id = s.id"
    filled_sql = {"household_id": "m.household_id"}

    def plain(self, values: Values) -> list[bool]:
        """People with an ID card that fits by every digit, and nothing beside it that says otherwise.

        What the card tells (birth date, sex) is filled in where it was left out.
        """
        told = zip(
            values["person_name"], values["kind"], values["id_type"], values["id_number"], values["phone"],
            values["hukou_code"], strict=True,
        )  # fmt: skip
        found = [
            kind not in ("", None, Resident.Kind.FOREIGN)
            and id_type in OWN_CARDS
            and bool(name and number and _NAME.fullmatch(name) and _CARD.fullmatch(number))
            and (phone == "" or bool(phone and _MOBILE.fullmatch(phone)))
            and (code == "" or bool(code and _PLACE_CODE.fullmatch(code)))
            for name, kind, id_type, number, phone, code in told
        ]
        self._look_at_cards(values, found)
        return found

    def _look_at_cards(self, values: Values, found: list[bool]) -> None:
        cards, sexes, births = values["id_number"], values["sex"], values["birth_date"]
        days: dict[str, date | None] = {}
        today, oldest = time.today(), date(1880, 1, 1)
        for place in [place for place, good in enumerate(found) if good]:
            card = cards[place]
            digits = card[6:14]
            if digits not in days:
                days[digits] = _day(digits)
            born = days[digits] if id_check_sign(card[:17]) == card[17] else None
            sex = "1" if card[16] in "13579" else "2"
            found[place] = (
                born is not None and oldest <= born <= today
                and sexes[place] in ("", sex) and births[place] in (None, born)
            )  # fmt: skip
            if found[place]:
                sexes[place], births[place] = sex, born

    def rules(self, row: Any, by: Actor) -> None:
        """The register's own rules, as far as they ask no database."""
        registry = Residents()
        registry.put_right(row)
        registry.must_be_whole(row)

    def more(self, values: Values) -> dict[str, list[Any]]:
        """Ids for what comes with a person who has a home: where he lives, and his household when he is its head."""
        homes, relations = values["home"], values["relation"]
        occupancies, households = iter(new_ids(len(homes))), iter(new_ids(len(homes)))
        return {
            "occupancy_new": [next(occupancies) if home is not None else None for home in homes],
            "household_new": [
                next(households) if home is not None and relation == HEAD else None
                for home, relation in zip(homes, relations, strict=True)
            ],
        }

    def lead(self, cursor: Any, run: UUID, chunk: int, by: Actor) -> None:
        """Found the households of this piece."""
        settling.found_households(cursor, run, chunk, by)

    def follow(self, cursor: Any, run: UUID, chunk: int, by: Actor) -> None:
        """Let everybody live in his home."""
        settling.settle(cursor, run, chunk, by)

    def finish(self, cursor: Any, run: UUID, by: Actor) -> None:
        """Count the people of the homes anew."""
        settling.recount_homes(cursor, run)

    def outdated(self, cursor: Any, run: UUID) -> bool:
        """Whether a home has been removed, or lies elsewhere now."""
        return settling.homes_changed(cursor, run)

    def undo(self, cursor: Any, deed: UUID, by: Actor) -> None:
        """Nobody lives where the batch had put him, and the households it founded go."""
        settling.unsettle(cursor, deed, by)


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
