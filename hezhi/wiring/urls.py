"""All addresses of the house (网址): who stands where."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

ROOMS = (
    ("", "hezhi.channels.officer.urls"),
    ("cases/", "hezhi.chapters.cases.intake.pages"),
    ("cases/", "hezhi.chapters.cases.handling.pages"),
    ("supervision/", "hezhi.chapters.cases.supervision.pages"),
    ("statistics/", "hezhi.chapters.cases.statistics.pages"),
    ("appraisal/", "hezhi.chapters.cases.appraisal.pages"),
    ("warnings/", "hezhi.chapters.awareness.early_warning.pages"),
    ("situation/", "hezhi.chapters.awareness.situation.pages"),
    ("visits/", "hezhi.chapters.cases.return_visit.pages"),
    ("platform/", "hezhi.chapters.cases.platform.pages"),
    ("takeover/", "hezhi.chapters.cases.platform.pages.takeover"),
    ("shifts/", "hezhi.chapters.cases.shifts.pages"),
    ("mediation/", "hezhi.chapters.cases.mediation.pages"),
    ("retention/", "hezhi.chapters.cases.retention.pages"),
    ("contractors/", "hezhi.chapters.cases.contractors.pages"),
    ("c/w/", "hezhi.chapters.cases.contractors.pages.public"),
    ("whistle/", "hezhi.chapters.cases.whistle.pages"),
    ("", "hezhi.chapters.appcentre.users.urls"),
    ("messages/", "hezhi.chapters.appcentre.messages.urls"),
    ("approvals/", "hezhi.engines.flow.pages"),
    ("channels/", "hezhi.chapters.appcentre.access.pages"),
    ("roster/", "hezhi.chapters.appcentre.roster.pages"),
    ("", "hezhi.engines.registry.urls"),
    ("files/", "hezhi.chapters.operations.files.urls"),
    ("audit/", "hezhi.chapters.operations.security_log.urls"),
    ("areas/", "hezhi.chapters.grassroots.grids.pages"),
    ("grids/", "hezhi.chapters.grassroots.grids.pages.desk"),
    ("registers/", "hezhi.chapters.grassroots.registers.pages"),
    ("care/", "hezhi.chapters.grassroots.care.pages"),
    ("party/", "hezhi.chapters.grassroots.party.pages"),
    ("c/rights/", "hezhi.chapters.grassroots.care.pages.public"),
    ("c/q/", "hezhi.chapters.grassroots.registers.pages.at_door"),
    ("c/news/", "hezhi.chapters.grassroots.party.pages.public"),
    ("c/meeting/", "hezhi.chapters.grassroots.party.pages.door"),
    ("c/", "hezhi.channels.citizen.urls"),
    ("g/homes/", "hezhi.chapters.grassroots.registers.pages.phone"),
    ("g/places/", "hezhi.chapters.grassroots.registers.pages.phone_places"),
    ("g/party/", "hezhi.chapters.grassroots.party.pages.phone"),
    ("g/", "hezhi.channels.gridworker.urls"),
    ("wall/", "hezhi.channels.wall.urls"),
    ("api/", "hezhi.channels.open_api.urls"),
    ("", "hezhi.wiring.conformance"),
)


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


urlpatterns: list[URLPattern | URLResolver] = [
    path(prefix, include(import_module(module).urlpatterns)) for prefix, module in ROOMS if _there(module)
]
handler404 = "hezhi.wiring.middleware.not_found"
handler500 = "hezhi.wiring.middleware.broken"
