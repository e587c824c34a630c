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


def build() -> list[URLPattern | URLResolver]:
    """Every pattern of every registry: pages under `/r/`, the machine interface under `/api/v1/`."""
    root = addresses.PAGES.strip("/")
    made: list[URLPattern | URLResolver] = [
        path(f"{root}/exports/", signed_in(exports.DownloadsPage.as_view()), name="registry-exports"),
        path(f"{root}/exports/<uuid:id>/file/", signed_in(exports.FilePage.as_view()), name="registry-export-file"),
    ]
    return made + gathered([pattern for registry in registries() for pattern in patterns_of(registry)])


def gathered(patterns: list[URLPattern]) -> list[URLResolver]:
    """The same addresses below their roots and slugs: one that is asked for is compared with its registry's alone.

    In one row they were a thousand, and every click of the house was compared with half of them.
    """
    made: list[URLResolver] = []
    for root in (addresses.PAGES.strip("/") + "/", addresses.REST.strip("/") + "/"):
        by_slug: dict[str, list[URLPattern]] = {}
        for pattern in patterns:
            slug, _, below = str(pattern.pattern).removeprefix(root).partition("/")
            if str(pattern.pattern).startswith(root):
                by_slug.setdefault(slug, []).append(path(below, pattern.callback, pattern.default_args, pattern.name))
        made.append(path(root, include([path(f"{slug}/", include(below)) for slug, below in by_slug.items()])))
    return made


def patterns_of(registry: Registry) -> list[URLPattern]:
    """The patterns of one registry; for tests that declare their own."""
    root = f"{addresses.PAGES.strip('/')}/{registry.slug}/"
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
    return made + rest_patterns(registry)


def guarded(registry: Registry, view: Any, offer: str) -> Any:
    """The view behind its right; a view that declares its own right keeps it."""
    if isinstance(view, type) and issubclass(view, View):
        capability = getattr(view, "capability", offer)
        right = registry.permission(capability)
        view = view.as_view(registry=registry) if hasattr(view, "registry") else view.as_view()
        return needs(right, clause=registry.clause)(view)
    return view if hasattr(view, "right") else needs(registry.permission(offer), clause=registry.clause)(view)


urlpatterns = build()
