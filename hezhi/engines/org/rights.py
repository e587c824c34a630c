"""Every URL has a declared right (权限声明): no view is reachable without one.

`@needs("cases.accept")` asks for a permission of the post in use, `@signed_in` for any account,
`@open_to_all("why")` lets everybody in and says why. A view without a declaration is refused by the
middleware, and a test walks all URLs.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from hezhi.engines.org.actor import reader

View = TypeVar("View", bound=Callable[..., Any])

SIGNED_IN = "*"
EVERYBODY = ""


def needs(*permissions: str, clause: str = "") -> Callable[[View], View]:
    """Open the view to posts that carry one of these permissions; anybody else gets a letter (403)."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            reader(request).must(*permissions)
            return view(request, *args, **kwargs)  # type: ignore[no-any-return]

        guarded.right = permissions  # type: ignore[attr-defined]
        guarded.clause = clause  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return declare


def signed_in(view: View) -> View:
    """Open the view to everybody with an account."""
    view.right = (SIGNED_IN,)  # type: ignore[attr-defined]
    return view


def open_to_all(why: str, clause: str = "") -> Callable[[View], View]:
    """Open the view without an account (公众可访问), for the reason given."""

    def declare(view: View) -> View:
        view.right = (EVERYBODY,)  # type: ignore[attr-defined]
        view.open_because = why  # type: ignore[attr-defined]
        view.clause = clause  # type: ignore[attr-defined]
        return view

    return declare


def beat(view: View) -> View:
    """Say that the machine asks by itself (轮询、心跳): such a request does not keep a session awake.

    A poll on a page that people open too says it in its header instead: `X-Hezhi-Beat: 1`.
    """
    view.beat = True  # type: ignore[attr-defined]
    return view
