"""The addresses that codes at doors open (门牌码网址): short, and under the citizens' own path."""

from django.urls import path

from hezhi.chapters.grassroots.registers.pages import checking, plates

urlpatterns = [
    path("<str:code>/", plates.scanned, name="plate"),
    path("<str:code>/check/", checking.self_check, name="place-self"),
]
