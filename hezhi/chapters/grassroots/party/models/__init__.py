"""Organisations, members, activities and articles of the Party (党建)."""

from hezhi.chapters.grassroots.party.models.activities import Activity, ActivityKind, Participation
from hezhi.chapters.grassroots.party.models.articles import (
    Article,
    ArticlePicture,
    ArticleReads,
    NewsColumn,
)
from hezhi.chapters.grassroots.party.models.members import MapConsent, Member, Office, ServiceRecord, Transfer
from hezhi.chapters.grassroots.party.models.organisations import PartyOrganisation

__all__ = [
    "Activity",
    "ActivityKind",
    "Article",
    "ArticlePicture",
    "ArticleReads",
    "MapConsent",
    "Member",
    "NewsColumn",
    "Office",
    "PartyOrganisation",
    "Participation",
    "ServiceRecord",
    "Transfer",
]
