"""Addresses of the machine door (开放接口网址); below a report both forms are taken, with and without the last slash."""

from django.urls import include, path

from hezhi.channels.open_api import exchange, facts, open311, pages, rest
from hezhi.channels.open_api.rest import READ, WRITE, door

_reports = door(post=(rest.report, (WRITE,)))
_one = door(get=(rest.status, (READ, WRITE)), patch=(rest.change, (WRITE,)))
_supplement = door(post=(rest.supplement, (WRITE,)))
_file = door(raw=True, put=(rest.attach, (WRITE,)))
_requests = door(get=(exchange.requests, (READ, WRITE)))
_request = door(post=(exchange.answer_request, (WRITE,)))
_follow_ups = door(post=(exchange.follow, (WRITE,)))
_checking = door(get=(exchange.our_list, (READ, WRITE)), post=(exchange.check_list, (WRITE,)))
_facts = door(get=(facts.feed, (facts.SCOPE,)))
_categories = door(get=(rest.categories, (READ, WRITE)))

urlpatterns = [
    path("v1/reports/", _reports, name="api-reports"),
    path("v1/reports/<str:outside_number>/", _one, name="api-report"),
    path("v1/reports/<str:outside_number>/supplement/", _supplement, name="api-report-supplement"),
    path("v1/reports/<str:outside_number>/supplement", _supplement),
    path("v1/reports/<str:outside_number>/files/<int:n>/", _file, name="api-report-file"),
    path("v1/reports/<str:outside_number>/files/<int:n>", _file),
    path("v1/reports/<str:outside_number>/requests/", _requests, name="api-report-requests"),
    path("v1/reports/<str:outside_number>/requests/<uuid:request_id>/", _request, name="api-report-request"),
    path("v1/reports/<str:outside_number>/follow-ups/", _follow_ups, name="api-report-follow-ups"),
    path("v1/reconciliation/", _checking, name="api-reconciliation"),
    path("v1/facts/", _facts, name="api-facts"),
    path("v1/report-categories/", _categories, name="api-report-categories"),
    path("open311/v2/", include(open311)),
    path("schema/", pages.schema, name="api-schema"),
    path("docs/", pages.docs, name="api-docs"),
]
