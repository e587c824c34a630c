"""The pages of early warning that no registry can give (聚合事件、预警、预警模型; 9.1.4-1)."""

from django.urls import path

from hezhi.chapters.awareness.early_warning.pages import event, model, warning

urlpatterns = [
    path("events/", event.listed, name="events"),
    path("events/<uuid:event_id>/", event.page, name="event"),
    path("events/<uuid:event_id>/points.json", event.points, name="event-points"),
    path("events/<uuid:event_id>/regroup/", event.regroup, name="event-regroup"),
    path("events/<uuid:event_id>/do/<slug:step>/", event.do, name="event-do"),
    path("events/proposals/<uuid:proposal_id>/<slug:said>/", event.answer_proposal, name="event-proposal"),
    path("events/undo/<uuid:regrouping_id>/", event.undo, name="event-undo"),
    path("models/<uuid:model_id>/", model.page, name="warning-model"),
    path("<uuid:warning_id>/", warning.page, name="warning"),
    path("<uuid:warning_id>/acknowledge/", warning.acknowledge, name="warning-acknowledge"),
    path("<uuid:warning_id>/judge/", warning.judge, name="warning-judge"),
]
