"""Organisations, members, activities and articles of the Party (党建)."""

from hezhi.chapters.grassroots.party.models.activities import Activity, ActivityKind, Participation
from hezhi.chapters.grassroots.party.models.articles import (
    Article,
    ArticlePicture,
    ArticlePush,
    ArticleReads,
    ArticleVideo,
    NewsColumn,
    NewsRefusal,
)
from hezhi.chapters.grassroots.party.models.dues import DuesEntry, DuesSheet
from hezhi.chapters.grassroots.party.models.lists import ListKind, Need, Project, Resource
from hezhi.chapters.grassroots.party.models.members import MapConsent, Member, Office, ServiceRecord, Transfer
from hezhi.chapters.grassroots.party.models.organisations import PartyOrganisation

__all__ = [
    "Activity",
    "ActivityKind",
    "Article",
    "ArticlePicture",
    "ArticlePush",
    "ArticleReads",
    "ArticleVideo",
    "DuesEntry",
    "DuesSheet",
    "ListKind",
    "MapConsent",
    "Member",
    "Need",
    "NewsColumn",
    "NewsRefusal",
    "Office",
    "PartyOrganisation",
    "Participation",
    "Project",
    "Resource",
    "ServiceRecord",
    "Transfer",
]
