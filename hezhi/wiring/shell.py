"""What the shell around every page shows (外壳): name of the system, menu, person, counts."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from hezhi.wiring import menu


def shell(request: HttpRequest) -> dict[str, Any]:
    """Fill the `shell` variable of the templates (see the UI kit's README)."""
    return {"shell": SimpleLazyObject(lambda: menu.shell_of(request))} | {"demo": settings.DEMO}
