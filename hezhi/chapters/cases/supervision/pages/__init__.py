"""The pages of supervision that no registry can give (督办页面, 9.1.2-3)."""

from django.urls import path

from hezhi.chapters.cases.supervision.pages import board, campaigns, lead, matter, talk

urlpatterns = [
    path("board/", board.page, name="supervision-board"),
    path("campaigns/", campaigns.listed, name="supervision-campaigns"),
    path("campaigns/new/<slug:kind>/", campaigns.new, name="supervision-campaign-new"),
    path("campaigns/<uuid:campaign_id>/", campaigns.one, name="supervision-campaign"),
    path("campaigns/<uuid:campaign_id>/do/<slug:step>/", campaigns.do, name="supervision-campaign-do"),
    path("lead/", lead.home, name="supervision-lead"),
    path("lead/new/", lead.new, name="supervision-lead-new"),
    path("lead/cases/<uuid:case_id>/", lead.case, name="supervision-lead-case"),
    path("lead/<uuid:matter_id>/", lead.matter, name="supervision-lead-matter"),
    path("case/<uuid:case_id>/", matter.open_case, name="supervision-open"),
    path("case/<uuid:case_id>/instruct/", matter.instruct_case, name="supervision-instruct-case"),
    path("parts/<uuid:order_id>/", matter.part, name="supervision-part"),
    path("parts/<uuid:order_id>/do/<slug:verb>/", matter.do_part, name="supervision-do-part"),
    path("calls/<uuid:call_id>/", talk.page, name="supervision-call"),
    path("calls/<uuid:call_id>/seat/", talk.seat, name="supervision-call-seat"),
    path("calls/<uuid:call_id>/<slug:step>/", talk.do, name="supervision-call-do"),
    path("<uuid:matter_id>/talk/<uuid:unit_id>/", talk.begin, name="supervision-talk"),
    path("<uuid:matter_id>/ring/", talk.ring, name="supervision-ring"),
    path("<uuid:matter_id>/", matter.page, name="supervision-matter"),
    path("<uuid:matter_id>/receipts/", matter.receipts, name="supervision-receipts"),
    path("<uuid:matter_id>/print/", matter.printed, name="supervision-print"),
    path("<uuid:matter_id>/do/<slug:verb>/", matter.do, name="supervision-do"),
]
