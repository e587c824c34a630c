"""Pages of the Party room beside those of its registries (党建的页面)."""

from hezhi.chapters.grassroots.party.pages import activities, articles, board, lists, news, steps

urlpatterns = [
    *board.urlpatterns,
    *steps.urlpatterns,
    *activities.urlpatterns,
    *articles.urlpatterns,
    *lists.urlpatterns,
    *news.desk_patterns,
]
