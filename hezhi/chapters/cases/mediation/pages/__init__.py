"""The pages of mediation (矛盾纠纷调解)."""

from django.urls import path

from hezhi.chapters.cases.mediation.pages import dispute

urlpatterns = [
    path("new/", dispute.new, name="mediation-new"),
    path("<uuid:dispute_id>/", dispute.page, name="mediation"),
    path("<uuid:dispute_id>/do/<slug:code>/", dispute.do, name="mediation-do"),
    path("parties/<uuid:party_id>/consent/", dispute.consent, name="mediation-consent"),
    path("parties/<uuid:party_id>/reveal/<slug:field>/", dispute.reveal, name="mediation-reveal"),
]
