"""Suggestions while a person or a unit is typed (联想输入): options for the list below the field."""

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.views.decorators.http import require_GET

from hezhi.chapters.appcentre.users import queries
from hezhi.engines.org.api import needs
from hezhi.ground.errors import NotFound

clause = "10.1-3"
OFFERED = {"people": queries.people_like, "units": queries.units_like}


@needs("org.view", clause=clause)
@require_GET
def pick(request: HttpRequest, what: str) -> HttpResponse:
    """Colleagues or units that fit what was typed in `field`; what is chosen is the login name or the code."""
    if what not in OFFERED:
        raise NotFound(what="没有这个选择项。")
    typed = request.GET.get(request.GET.get("field", ""), "").strip()[:40]
    return HttpResponse(format_html_join("", '<option value="{}">{}</option>', OFFERED[what](typed) if typed else []))
