"""Places, people and organisations of the district (基础台账)."""

from hezhi.chapters.grassroots.registers.models.organisations import (
    Enterprise,
    SmallPlace,
    SocialOrganisation,
    VolunteerGroup,
    VolunteerMember,
)
from hezhi.chapters.grassroots.registers.models.people import (
    ChangeReport,
    ForeignResident,
    Household,
    LeftBehindResident,
    MobileResident,
    Occupancy,
    RegisteredResident,
    Resident,
    StagedResident,
)
from hezhi.chapters.grassroots.registers.models.places import Building, Compound, Home

__all__ = [
    "Building",
    "ChangeReport",
    "Compound",
    "Enterprise",
    "ForeignResident",
    "Home",
    "Household",
    "LeftBehindResident",
    "MobileResident",
    "Occupancy",
    "RegisteredResident",
    "Resident",
    "SmallPlace",
    "SocialOrganisation",
    "StagedResident",
    "VolunteerGroup",
    "VolunteerMember",
]
