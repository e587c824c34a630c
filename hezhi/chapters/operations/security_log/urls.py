"""Addresses of the security log."""

from django.urls import path

from hezhi.chapters.operations.security_log.pages import views

urlpatterns = [
    path("", views.log, name="audit-log"),
    path("<int:number>/", views.entry, name="audit-entry"),
    path("export/", views.export, name="audit-export"),
    path("reads/", views.reads, name="audit-reads"),
    path("alarms/", views.alarm_list, name="audit-alarms"),
    path("alarms/<uuid:alarm_id>/", views.settle, name="audit-settle"),
    path("integrity/", views.integrity, name="audit-integrity"),
    path("integrity/<int:number>/", views.check, name="audit-check"),
    path("integrity/examine/", views.examine, name="audit-examine"),
]
