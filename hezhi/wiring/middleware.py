"""What happens around every request: a number, a policy, a reader, and letters instead of crashes."""

import logging
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import Resolver404, ResolverMatch, URLResolver
from django.urls.resolvers import RoutePattern

from hezhi.engines.org import sign_in
from hezhi.engines.org.actor import LacksRight, actor_of, citizen, reader
from hezhi.engines.org.held_posts import HeldPost, posts_of
from hezhi.engines.org.rights import EVERYBODY
from hezhi.engines.records import audit
from hezhi.ground.errors import NotAllowed, NotFound, NotNow, Refusal
from hezhi.ground.ids import new_id
from hezhi.wiring import collisions

log = logging.getLogger("hezhi.request")
Answer = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self' {stream}; font-src 'self'; worker-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class RequestIdentity:
    """Gives every request a number that its audit rows, log lines and error letters carry."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = new_id().hex  # type: ignore[attr-defined]
        response = self.answer(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class ContentSecurity:
    """No inline script or style anywhere; private pages are not kept by the browser."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        told = stream_origin(request)
        if getattr(response, "makes_calls", False):  # pages of a call alone speak to the gate of signals
            told = f"{told} {_socket_origin(request, told)}"
            response["Permissions-Policy"] = "camera=(self), microphone=(self)"
        response.setdefault("Content-Security-Policy", POLICY.format(stream=told))
        response.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response


class MachineDoor:
    """The short way for outer systems (机器接口): they show a key, so nothing that is made for browsers is asked.

    Kept are the request's number, the host's check, the headers, the reader and the letters. Only views that
    say `for_machines`, are open to everybody by their declared right and take no form go this way; all
    else goes on through the house.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.addresses = URLResolver(RoutePattern("/api/"), "hezhi.channels.open_api.urls")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = self._view(request.path_info) if request.path_info.startswith("/api/v1/report") else None
        if found is None:
            return self.answer(request)
        request.get_host()
        request.resolver_match = found
        request.actor = citizen().at(  # type: ignore[attr-defined]
            channel="citizen",
            address=sign_in.address_of(request),
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        response.headers["X-Frame-Options"] = settings.X_FRAME_OPTIONS
        response.headers["Content-Length"] = str(len(response.content))
        return response

    def _view(self, path: str) -> ResolverMatch | None:
        try:
            found = self.addresses.resolve(path)
        except Resolver404:
            return None
        view = found.func
        is_open = EVERYBODY in (declared_right(view) or ())
        return found if is_open and getattr(view, "for_machines", False) and view.csrf_exempt else None  # type: ignore[attr-defined]


def stream_origin(request: HttpRequest) -> str:
    """Where this browser finds the stream: the told origin, or the same host on the stream's own port."""
    if settings.STREAM_ORIGIN or not settings.STREAM_PORT:
        return str(settings.STREAM_ORIGIN)
    host = request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()
    return f"{request.scheme}://{host}:{settings.STREAM_PORT}"


def _socket_origin(request: HttpRequest, stream: str) -> str:
    """The WebSocket's origin beside the stream's; where that is a path of the house, the house's own."""
    scheme, _, host = (stream or f"{request.scheme}://{request.get_host()}").partition("://")
    return f"{'wss' if scheme == 'https' else 'ws'}://{host}"


class Readership:
    """Works out once who reads, and refuses every view that declares no right (默认拒绝)."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        actor = actor_of(user, sign_in.chosen_post(request)) if user.is_authenticated else citizen()
        request.actor = actor.at(  # type: ignore[attr-defined]
            channel="officer" if user.is_authenticated else "citizen",
            address=sign_in.address_of(request),
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
        return self.answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        right = declared_right(view)
        if right is None:
            return letter(request, NoDeclaredRight())
        if EVERYBODY in right:
            sign_in.leave_when_over(request)
            return None
        if not request.user.is_authenticated:
            return sign_in.ask_to_sign_in(request)
        return sign_in.next_duty(request)


class NoDeclaredRight(NotAllowed):
    """A view that declares no right (未声明权限): a slip of the program, refused by default."""

    code = "wiring.no_declared_right"
    what = "这个地址没有声明访问权限，系统按规定不予打开"
    meaning = "这是程序的疏漏，不是您的操作有误"
    remedy = "请把下面的编号告诉系统管理员"


def declared_right(view: Callable[..., Any]) -> tuple[str, ...] | None:
    """The right a view declares, on the function or on the class behind it."""
    for holder in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        right = getattr(holder, "right", None)
        if right is not None:
            return tuple(right)
    return None


class Letters:
    """Turns a refusal into a letter: a page, a fragment or JSON, always with a number to quote."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            told = letter(request, TakesForms())
            told["Allow"] = response["Allow"]
            return told
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        collisions.remember(request, view, args, kwargs)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if collisions.collided(error):
            log.info("a step was ended for another and is begun again: %s", request.path)
            try:
                return collisions.once_more(request)
            except Refusal as refusal:
                error = refusal
        if not isinstance(error, Refusal):
            return None
        if isinstance(error, NotAllowed):
            audit.refused(reader(request), "access.refused", error)
        return letter(request, error)


class TakesForms(Refusal):
    """An address that is opened though it only takes what a form sends (405): typed in, or gone back to after a step."""

    status = 405
    code = "wiring.wrong_method"
    what = "这个地址不能直接打开"
    meaning = "它只接收页面上提交的内容，系统没有做任何改动"
    remedy = "请从首页或菜单进入后再办理"


def letter(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Deliver a refusal the way the asker can read it."""
    log.info("%s %s %s", refusal.status, refusal.code, refusal.number)
    wants_json = request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")
    if wants_json:
        return JsonResponse({"error": refusal.as_dict()}, status=refusal.status)
    template = "ui/letter.html" if request.headers.get("HX-Request") else "ui/error.html"
    told = {"refusal": refusal, "other_posts": _other_posts(request, refusal)}
    return render(request, template, told, status=refusal.status)


def _other_posts(request: HttpRequest, refusal: Refusal) -> list[dict[str, Any]]:
    """The posts of this person in which the step is open to him (可切换的岗位); he may have several."""
    if not isinstance(refusal, LacksRight) or not request.user.is_authenticated:
        return []
    return [way_to(held) for held in posts_of(request.user) if not refusal.wanted.isdisjoint(held.permissions)]


def way_to(held: HeldPost) -> dict[str, Any]:
    """The name of a post and where one switches to it."""
    return {"name": f"{held.unit_name} {held.title}", "url": f"/account/post/{held.post_id}/"}


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for an address that does not exist (404)."""
    return letter(request, NotFound(what="没有找到这个页面。"))


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that was opened in another session (CSRF): nothing was done, and what was typed is a step back."""
    refusal = NotNow(
        "这个页面打开得太久，或登录状态已经变化，这一步没有提交",
        "系统没有做任何改动，您填写的内容在上一页",
        "请返回上一页，刷新后再提交",
        code="wiring.stale_form",
    )
    response = letter(request, refusal)
    response.status_code = 403
    return response


def broken(request: HttpRequest) -> HttpResponse:
    """The page for a fault of ours (500): says so, and gives the number of the request."""
    number = getattr(request, "request_id", "")
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return without_database(request, number[-12:])
    refusal = Refusal(
        code="wiring.fault",
        what="系统出了故障，这一步没有办成。",
        meaning="已办过的内容没有改变，故障已自动记录。",
        remedy="请稍后再试；多次出现请把编号告诉系统管理员。",
        number=number[-12:],
    )
    refusal.status = 500  # type: ignore[misc]
    return letter(request, refusal)


def without_database(request: HttpRequest, number: str) -> HttpResponse:
    """The page while the database is away (503): written without asking it anything, not even who reads."""
    refusal = Refusal(
        code="wiring.no_database",
        what="数据库暂时连接不上，这一步没有办成。",
        meaning="已办过的内容没有改变。数据库恢复后系统会自动继续工作。",
        remedy="请稍后再试；几分钟后仍是这样，请把编号告诉系统管理员。",
        number=number,
    )
    refusal.status = 503  # type: ignore[misc]
    log.error("the database is away: %s", refusal.number)
    if sign_in.wants_json(request):
        return JsonResponse({"error": refusal.as_dict()}, status=503, headers={"Retry-After": "10"})
    page = render_to_string("ui/error.html", {"refusal": refusal})
    return HttpResponse(page, status=503, headers={"Retry-After": "10"})
