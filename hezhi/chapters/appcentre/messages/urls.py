"""Addresses of the message pages (网址), mounted at `messages/`."""

from django.urls import path

from hezhi.chapters.appcentre.messages import pages

urlpatterns = [
    path("", pages.inbox, name="messages_inbox"),
    path("count/", pages.count, name="messages_count"),
    path("read/", pages.read, name="messages_read"),
    path("read-all/", pages.read_all, name="messages_read_all"),
    path("sending/", pages.sending, name="messages_sending"),
    path("sending/local/", pages.local, name="messages_local"),
    path("sending/<uuid:message_id>/", pages.sending_one, name="messages_sending_one"),
    path("sending/<uuid:message_id>/resend/", pages.resend, name="messages_resend"),
    path("sending/<uuid:message_id>/drop/", pages.drop, name="messages_drop"),
    path("<uuid:message_id>/", pages.open_message, name="messages_open"),
]
