"""Pages of commissions for the unit (外协委托); those of the firm stand in `public`, under the citizens' path."""

from django.urls import path

from hezhi.chapters.cases.contractors.pages import officer

urlpatterns = [
    path("orders/<uuid:order_id>/new/", officer.new, name="contractor-new"),
    path("<uuid:commission_id>/", officer.one, name="contractor"),
    path("<uuid:commission_id>/decide/", officer.decide, name="contractor-decide"),
    path("<uuid:commission_id>/revoke/", officer.revoke, name="contractor-revoke"),
]
