"""Addresses under which files open."""

from django.urls import path

from hezhi.chapters.operations.files import pages

urlpatterns = [
    path("<uuid:attachment_id>/", pages.file, name="file"),
    path("<uuid:attachment_id>/thumb/", pages.thumbnail, name="file-thumbnail"),
    path("<uuid:attachment_id>/shared/<str:token>/", pages.shared_file, name="shared-file"),
    path("<uuid:attachment_id>/shared/<str:token>/thumb/", pages.shared_thumbnail, name="shared-thumbnail"),
]
