"""The pages of appraisal that no registry can give (业务考核, 9.1.2-5)."""

from django.urls import path

from hezhi.chapters.cases.appraisal.pages import objections, rounds, sheets

urlpatterns = [
    path("", rounds.listed, name="appraisal"),
    path("new/", rounds.new, name="appraisal-new"),
    path("new/<uuid:template_id>/", rounds.new_of, name="appraisal-new-of"),
    path("preview/<uuid:template_id>/", rounds.preview, name="appraisal-preview"),
    path("objections/", objections.listed, name="appraisal-objections"),
    path("objections/<uuid:objection_id>/review/", objections.review, name="appraisal-review"),
    path("lines/<uuid:line_id>/", sheets.page, name="appraisal-line"),
    path("lines/<uuid:line_id>/cases/", sheets.cases, name="appraisal-cases"),
    path("lines/<uuid:line_id>/object/", objections.object_to, name="appraisal-object"),
    path("lines/<uuid:line_id>/exclude/", objections.exclude, name="appraisal-exclude"),
    path("scores/<uuid:score_id>/give/", sheets.give, name="appraisal-give"),
    path("<uuid:round_id>/", rounds.page, name="appraisal-round"),
    path("<uuid:round_id>/do/<slug:step>/", rounds.do, name="appraisal-do"),
    path("<uuid:round_id>/check/", rounds.check, name="appraisal-check"),
    path("<uuid:round_id>/report/", rounds.report, name="appraisal-report"),
    path("<uuid:round_id>/print/", rounds.printed, name="appraisal-print"),
]
