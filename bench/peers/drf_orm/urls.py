"""The peer's addresses."""

from rest_framework.routers import SimpleRouter

from bench.peers.drf_orm.views import CaseViewSet

router = SimpleRouter()
router.register("cases", CaseViewSet)
urlpatterns = router.urls
