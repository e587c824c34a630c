"""The description of the machine interface for machines and for people (接口说明)."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from hezhi.channels.open_api.rest import letter
from hezhi.channels.open_api.schema import text
from hezhi.channels.open_api.telling import Chapter, chapters
from hezhi.engines.connect.api import authenticate
from hezhi.engines.org import sign_in
from hezhi.engines.org.rights import open_to_all
from hezhi.ground.errors import Refusal

clause = "9.1.2-1"
OPENAPI = "application/vnd.oai.openapi+json"


@csrf_exempt
@open_to_all("who signs in or shows a channel key may read the description; asked for inside", clause=clause)
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3 description, for officers who are signed in and for outer systems with a key."""
    if request.user.is_authenticated:
        duty = sign_in.next_duty(request)
        if duty is not None:
            return duty
    else:
        try:
            authenticate(request)
        except Refusal as refusal:
            return letter(refusal)
    return HttpResponse(text(), content_type=OPENAPI)


@require_safe
@open_to_all("it asks to sign in by itself: below /api/ a refusal would be JSON, which a browser cannot read")
def docs(request: HttpRequest) -> HttpResponse:
    """The description as a page to read (接口说明页), drawn on the server, for everybody with an account."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    duty = sign_in.next_duty(request)
    if duty is not None:
        return duty
    told: list[Chapter] = chapters()
    context: dict[str, Any] = {"chapters": told, "count": sum(len(each.operations) for each in told)}
    return render(request, "open_api/docs.html", context)
