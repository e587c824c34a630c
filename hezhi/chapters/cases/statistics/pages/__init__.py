"""The pages of statistics (统计分析, 9.1.2-4)."""

from django.urls import path

from hezhi.chapters.cases.statistics.pages import figures, reports

urlpatterns = [
    path("", figures.page, name="statistics"),
    path("cases/", figures.cases, name="statistics-cases"),
    path("export/<slug:form>/", figures.export, name="statistics-export"),
    path("reports/", reports.listed, name="statistics-reports"),
    path("reports/new/", reports.new, name="statistics-report-new"),
    path("reports/print/", reports.printed, name="statistics-print"),
]
