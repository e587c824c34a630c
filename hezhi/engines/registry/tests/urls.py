"""Addresses for tests that declare registries of their own."""

from hezhi.engines.registry import urls

urlpatterns = urls.build()
handler404 = "hezhi.wiring.middleware.not_found"
handler500 = "hezhi.wiring.middleware.broken"
