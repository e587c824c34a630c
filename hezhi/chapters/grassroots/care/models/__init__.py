"""Care programmes, care files, petition matters, lists of an emergency, requests over one's data (帮扶关爱)."""

from hezhi.chapters.grassroots.care.models.emergencies import EmergencyEntry, EmergencyList, EmergencyReader
from hezhi.chapters.grassroots.care.models.files import (
    CareFile,
    Consent,
    Glass,
    Need,
    PlanStep,
    Referral,
    Service,
    Tie,
    Together,
    Visit,
)
from hezhi.chapters.grassroots.care.models.petitions import PetitionMatter, PetitionParty, PetitionStep
from hezhi.chapters.grassroots.care.models.programmes import Programme
from hezhi.chapters.grassroots.care.models.rights import RightsRequest

__all__ = [
    "CareFile",
    "Consent",
    "EmergencyEntry",
    "EmergencyList",
    "EmergencyReader",
    "Glass",
    "Need",
    "PetitionMatter",
    "PetitionParty",
    "PetitionStep",
    "PlanStep",
    "Programme",
    "Referral",
    "RightsRequest",
    "Service",
    "Tie",
    "Together",
    "Visit",
]
