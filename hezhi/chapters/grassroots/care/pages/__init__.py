"""The pages of the care room (帮扶关爱页面)."""

from django.urls import path

from hezhi.chapters.grassroots.care.pages import desk, emergencies, files, glass, importing, programmes, requests, steps

urlpatterns = [
    path("", files.mine, name="care-start"),
    path("files/", files.mine, name="care"),
    path("new/", files.new, name="care-new"),
    path("import/", importing.sheet, name="care-import"),
    path("visits/", files.visits, name="care-visits"),
    path("visits/<uuid:visit_id>/", steps.made, name="care-visit"),
    path("referrals/<uuid:referral_id>/", steps.answer_referral, name="care-referral"),
    path("referrals/<uuid:referral_id>/done/", steps.finish_referral, name="care-referral-done"),
    path("together/<uuid:together_id>/", steps.join, name="care-join"),
    path("desk/", desk.desk, name="care-desk"),
    path("figures/", desk.figures, name="care-figures"),
    path("protection/", desk.protection, name="care-protection"),
    path("glass/", glass.broken, name="care-glass"),
    path("glass/reviews/", glass.reviews, name="care-glass-reviews"),
    path("glass/<uuid:glass_id>/", glass.review, name="care-glass-review"),
    path("programmes/", programmes.listed, name="care-programmes"),
    path("programmes/<uuid:programme_id>/", programmes.one, name="care-programme"),
    path("programmes/<uuid:programme_id>/<slug:step>/", programmes.do, name="care-programme-do"),
    path("emergencies/", emergencies.listed, name="care-emergencies"),
    path("emergencies/new/", emergencies.new, name="care-emergency-new"),
    path("emergencies/<uuid:list_id>/", emergencies.one, name="care-emergency"),
    path("emergencies/<uuid:list_id>/close/", emergencies.close, name="care-emergency-close"),
    path("requests/", requests.listed, name="care-requests"),
    path("requests/new/", requests.new, name="care-request-new"),
    path("requests/<uuid:request_id>/", requests.one, name="care-request"),
    path("requests/<uuid:request_id>/answer/", requests.answer_it, name="care-request-answer"),
    path("<uuid:file_id>/", files.one, name="care-file"),
    path("<uuid:file_id>/reveal/phone/", files.reveal, name="care-reveal"),
    path("<uuid:file_id>/done/<slug:what>/<uuid:row_id>/", steps.mark_done, name="care-done"),
    path("<uuid:file_id>/do/<slug:step>/", steps.do, name="care-do"),
]
