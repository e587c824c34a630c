"""Pages of retention (保存期限): the terms, trials and runs, and the list of what was erased."""

from django.urls import path

from hezhi.chapters.cases.retention.pages import terms

urlpatterns = [
    path("", terms.page, name="retention"),
    path("term/", terms.term, name="retention-term"),
    path("try/", terms.try_out, name="retention-try"),
    path("run/", terms.run, name="retention-run"),
    path("cases/term/", terms.case_term, name="retention-case-term"),
    path("cases/try/", terms.try_erasing, name="retention-case-try"),
    path("cases/<uuid:run_id>/ask/", terms.ask_erasing, name="retention-case-ask"),
    path("cases/<uuid:run_id>/", terms.erased, name="retention-erased"),
]
