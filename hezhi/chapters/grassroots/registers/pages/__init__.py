"""Pages of the base registers beside those of the registries (基础台账的页面)."""

from hezhi.chapters.grassroots.registers.pages import buildings, checking, living, people, plates, reshaping, tree

urlpatterns = [
    *tree.urlpatterns, *buildings.urlpatterns, *people.urlpatterns, *living.urlpatterns, *reshaping.urlpatterns,
    *plates.urlpatterns, *checking.urlpatterns,
]  # fmt: skip
