"""Places, people and organisations of the district (基础台账)."""

from hezhi.chapters.grassroots.registers.models.checking import CheckItem, KeeperCode, PlaceCheck, PlaceFinding
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
from hezhi.chapters.grassroots.registers.models.places import Building, Compound, Home, HomeDescent, Plate
from hezhi.chapters.grassroots.registers.models.turnout import GroupActivity, GroupShift, SignIn

__all__ = [
    "Building",
    "ChangeReport",
    "CheckItem",
    "Compound",
    "Enterprise",
    "ForeignResident",
    "GroupActivity",
    "GroupShift",
    "Home",
    "HomeDescent",
    "Household",
    "KeeperCode",
    "LeftBehindResident",
    "MobileResident",
    "Occupancy",
    "PlaceCheck",
    "PlaceFinding",
    "Plate",
    "RegisteredResident",
    "Resident",
    "SignIn",
    "SmallPlace",
    "SocialOrganisation",
    "StagedResident",
    "VolunteerGroup",
    "VolunteerMember",
]
