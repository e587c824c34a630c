"""The addresses of every registry (网址): made from the declarations, each with its declared right."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from django.views import View

from hezhi.engines.org.rights import needs, signed_in
from hezhi.engines.registry import addresses
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.interface import rest_patterns
from hezhi.engines.registry.pages import detail, exports, forms, imports, lists, maps
from hezhi.engines.registry.site import registries

# name in `pages`, path below the registry's own, page, offer it belongs to
PAGES: tuple[tuple[str, str, type[View], str], ...] = (
    ("list", "", lists.ListPage, "view"),
    ("save_view", "views/", lists.SaveViewPage, "view"),
    ("drop_view", "views/<uuid:id>/delete/", lists.DropViewPage, "view"),
    ("new", "new/", forms.NewPage, "add"),
    ("bulk", "bulk/", forms.BulkPage, "bulk"),
    ("pick", "pick/<str:name>/", forms.PickPage, "edit"),
    ("import", "import/", imports.UploadPage, "import"),
    ("template", "import/template/", imports.TemplatePage, "import"),
    ("import_run", "import/<uuid:id>/", imports.RunPage, "import"),
    ("import_job", "import/<uuid:id>/job/", imports.JobPage, "import"),
    ("import_report", "import/<uuid:id>/report/", imports.ReportPage, "import"),
    ("export", "export/", exports.AskPage, "export"),
    ("map", "map/", maps.MapPage, "map"),
    ("detail", "<uuid:id>/", detail.DetailPage, "view"),
    ("edit", "<uuid:id>/edit/", forms.EditPage, "edit"),
    ("remove", "<uuid:id>/remove/", forms.RemovePage, "delete"),
    ("restore", "<uuid:id>/restore/", forms.RestorePage, "delete"),
    ("reveal", "<uuid:id>/reveal/<str:name>/", detail.RevealPage, "reveal"),
)


def build() -> list[URLResolver]:
    """Every pattern of every registry: pages under `/r/`, the machine interface under `/api/v1/`.

    Each registry's lie behind its own name: who opens an address passes by the names of the others, not by all
    their pages.
    """
    pages: list[URLPattern | URLResolver] = [
        path("exports/", signed_in(exports.DownloadsPage.as_view()), name="registry-exports"),
        path("exports/<uuid:id>/file/", signed_in(exports.FilePage.as_view()), name="registry-export-file"),
    ]
    pages += [path(f"{registry.slug}/", include(_pages(registry, ""))) for registry in registries()]
    machines = [path(f"{registry.slug}/", include(rest_patterns(registry, ""))) for registry in registries()]
    return [
        path(f"{addresses.PAGES.strip('/')}/", include(pages)),
        path(f"{addresses.REST.strip('/')}/", include(machines)),
    ]


def patterns_of(registry: Registry) -> list[URLPattern]:
    """The patterns of one registry with their whole addresses; to tell them, and for tests that declare their own."""
    return _pages(registry, addresses.page(registry.slug).lstrip("/")) + rest_patterns(registry)


def _pages(registry: Registry, root: str) -> list[URLPattern]:
    made = []
    for name, below, page, offer in PAGES:
        view = registry.pages.get(name, page)
        if view is None or not registry.gives(offer):
            continue
        made.append(path(root + below, guarded(registry, view, offer), name=f"registry-{registry.slug}-{name}"))
    for below, view in registry.pages.items():
        if below.endswith("/"):
            made.append(
                path(root + below, guarded(registry, view, "view"), name=f"registry-{registry.slug}-{below[:-1]}")
            )
    for part in registry.parts:
        for below, view in part.pages(registry).items():
            name = f"registry-{registry.slug}-{view.__name__}"
            made.append(path(root + below, guarded(registry, view, "view"), name=name))
    return made


def guarded(registry: Registry, view: Any, offer: str) -> Any:
    """The view behind its right; a view that declares its own right keeps it."""
    if isinstance(view, type) and issubclass(view, View):
        capability = getattr(view, "capability", offer)
        right = registry.permission(capability)
        view = view.as_view(registry=registry) if hasattr(view, "registry") else view.as_view()
        return needs(right, clause=registry.clause)(view)
    return view if hasattr(view, "right") else needs(registry.permission(offer), clause=registry.clause)(view)


urlpatterns = build()
