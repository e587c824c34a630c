"""Where a registry lives (地址): one place for its paths, so that links cost no look-up per row."""

from typing import Any

PAGES = "/r"
REST = "/api/v1"


def page(slug: str, *parts: Any) -> str:
    """A page of a registry: `/r/categories/`, `/r/categories/<id>/edit/`."""
    return "/".join((PAGES, slug, *map(str, parts), ""))


def rest(slug: str, *parts: Any) -> str:
    """An address of the machine interface: `/api/v1/categories/`."""
    return "/".join((REST, slug, *map(str, parts), ""))


def with_query(path: str, query: str) -> str:
    """The path with a query string behind it, where there is one."""
    return f"{path}?{query}" if query else path
