"""Pages of outer systems (接入管理, 10.1-1): keys, and the news that go back."""

from django.urls import path

from hezhi.chapters.appcentre.access.pages import deliveries, keys

urlpatterns = [
    path("", deliveries.everything, name="channel-deliveries"),
    path("keys/new/", keys.new, name="channel-new"),
    path("keys/<uuid:key_id>/", keys.page, name="channel"),
    path("keys/<uuid:key_id>/change/", keys.change, name="channel-change"),
    path("keys/<uuid:key_id>/rotate/", keys.rotate, name="channel-rotate"),
    path("keys/<uuid:key_id>/withdraw/", keys.withdraw, name="channel-withdraw"),
    path("deliveries/<uuid:webhook_id>/again/", deliveries.again, name="channel-delivery-again"),
    path("deliveries/<uuid:webhook_id>/give-up/", deliveries.give_up, name="channel-delivery-give-up"),
]
