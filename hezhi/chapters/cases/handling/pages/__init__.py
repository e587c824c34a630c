"""Pages of case handling that no registry can give (9.1.2-2): the case, its steps, the triage desk, work lists."""

from django.urls import path

from hezhi.chapters.cases.handling.pages import bulk, case, categories, desk, flow_versions, questions, routing, steps

urlpatterns = [
    *flow_versions.urlpatterns,
    *routing.urlpatterns,
    path("", desk.typed, name="cases"),
    path("triage/", desk.triage, name="case-triage"),
    path("triage/<uuid:case_id>/", desk.triage, name="case-triage-one"),
    path("categories/", categories.page, name="case-categories"),
    path("orders/", desk.orders, name="case-orders"),
    path("approvals/", desk.approvals, name="case-approvals"),
    path("followed/", case.followed, name="cases-followed"),
    path("bulk/<slug:verb>/", bulk.bulk, name="case-bulk"),
    path("spot-checks/", desk.spot_checks, name="case-spot-checks"),
    path("<uuid:case_id>/", case.page, name="case"),
    path("<uuid:case_id>/print/", case.printed, name="case-print"),
    path("<uuid:case_id>/follow/", case.follow, name="case-follow"),
    path("<uuid:case_id>/pdf/", case.as_pdf, name="case-pdf"),
    path("<uuid:case_id>/receipts/", case.receipts, name="case-receipts"),
    path("<uuid:case_id>/questions/", questions.at_desk, name="case-questions"),
    path("<uuid:case_id>/why/", case.why, name="case-why"),
    path("<uuid:case_id>/reveal/<slug:field>/", case.reveal, name="case-reveal"),
    path("<uuid:case_id>/lift/", case.lift, name="case-lift"),
    path("<uuid:case_id>/comment/", case.comment, name="case-comment"),
    path("<uuid:case_id>/do/<slug:verb>/", steps.do, name="case-do"),
    path("orders/<uuid:order_id>/do/<slug:verb>/", steps.do_order, name="order-do"),
    path("approvals/<uuid:approval_id>/", steps.decide, name="approval-decide"),
    path("approvals/<uuid:approval_id>/withdraw/", steps.withdraw, name="approval-withdraw"),
]
