"""What other rooms may ask of the base registers (基础台账的门面)."""

from hezhi.chapters.grassroots.registers.queries import (
    COUNTED,
    codes,
    counts,
    homes_of,
    households_of,
    living_in,
    name_of_code,
    resident_by_id_number,
    residents,
    residents_by_name,
    residents_by_phone,
)

__all__ = [
    "COUNTED",
    "codes",
    "counts",
    "homes_of",
    "households_of",
    "living_in",
    "name_of_code",
    "resident_by_id_number",
    "residents",
    "residents_by_name",
    "residents_by_phone",
]
