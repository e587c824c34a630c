"""The door of the house (登录): who comes in, who must go, and what is asked before anything else.

GB/T 22239-2019 8.1.4.1: one message for every failure, a lock after repeated failures, idle and
absolute exit, one session per channel, a first password that must be changed, a second factor.
"""

import ipaddress
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from hezhi.engines.org import failures, sessions
from hezhi.engines.org.actor import citizen
from hezhi.engines.org.held_posts import account_with_posts, posts_of
from hezhi.engines.org.models import Role, User
from hezhi.engines.org.policy import policy
from hezhi.engines.org.rules import may_enter, password_is_due, plain_login_name
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, Refusal
from hezhi.ground.time import show_span


def failed_sentence() -> str:
    """The one sentence for every failure, so that nobody learns which names exist."""
    rules = policy()
    return (
        "登录没有成功：登录名或口令不正确，或账号目前不能使用。"
        f"连续 {rules.account_failures} 次不成功，账号锁定 {show_span(_minutes(rules.lock))}。"
        "请核对后再试，或联系本单位系统管理员。"
    )


def why_sentence(why: str) -> str:
    """Why one stands before the sign-in page again; the address carries only the key."""
    safe = "请重新登录，已保存的内容不受影响。"
    return {
        "idle": f"您已 {show_span(_minutes(policy().idle))}没有操作，为安全起见系统已退出登录。{safe}",
        "absolute": f"本次登录已到时限，系统已退出登录。{safe}",
        "elsewhere": "您的账号刚在另一处登录，这里已自动退出。如不是您本人所为，请立即修改口令并告诉系统管理员。",
    }.get(why, "")


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60


PASSWORD_PAGES = frozenset({"account_change_password", "account_logout"})
FACTOR_PAGES = PASSWORD_PAGES | {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_view_recovery_codes",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
}


class NotSignedIn(Refusal):
    """Nobody is signed in, or no longer (未登录)."""

    status = 401
    code = "org.not_signed_in"
    what = "您还没有登录，或登录已经失效。"
    meaning = "系统没有做任何改动。"
    remedy = "请重新登录后再办理。"


class AccountBackend(BaseBackend):
    """Login name and password (登录名和口令); every refusal looks the same from outside."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """The account these words open, or None; counts the failure, and refuses while locked."""
        if not username or not password:
            return None
        name, address, moment = plain_login_name(username), address_of(request), time.now()
        if failures.is_public(name):
            name = f"?{name[1:]}"  # no login name; it must not count among the public codes
        with failures.one_at_a_time(name):
            if failures.is_locked(name, address, moment):
                return None
            user = User.objects.filter(login_name=name).first()
            if _password_fits(user, password) and user is not None and is_open(user):
                return user
            failures.note(name, address, moment)
            return None

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session with the posts held now, in one query; None when it was closed meanwhile."""
        user, posts = account_with_posts(user_id)
        if user is None or not is_open(user):
            return None
        user.current_posts = posts  # type: ignore[attr-defined]
        return user


def _password_fits(user: User | None, password: str) -> bool:
    """Check a password; for a name that nobody has it takes as long as for one that exists."""
    if user is None:
        User().set_password(password)
        return False
    return user.check_password(password)


def is_open(user: User) -> bool:
    """Whether an account may be used: enabled, not expired, not left unused for 90 days (8.1.4.2 c)."""
    return may_enter(
        is_active=user.is_active,
        expires_at=user.expires_at,
        last_used=user.last_seen_at or user.password_changed_at,
        now=time.now(),
        policy=policy(),
    )


# --- what the middleware asks -------------------------------------------------------------


def chosen_post(request: HttpRequest) -> UUID | None:
    """The post in which the person works in this session (当前岗位), None for the first of his posts."""
    chosen = request.session.get(sessions.POST)
    return UUID(chosen) if chosen else None


def address_of(request: HttpRequest | None) -> str | None:
    """Where a request comes from (来源地址).

    `X-Forwarded-For` counts only when the nearest sender is one of `settings.TRUSTED_PROXIES`
    (networks); read from the right, past the trusted ones.
    """
    if request is None:
        return None
    if not getattr(settings, "TRUSTED_PROXIES", ()):
        return _plain_address(request.META.get("REMOTE_ADDR", ""))
    hops = [*request.headers.get("X-Forwarded-For", "").split(","), request.META.get("REMOTE_ADDR", "")]
    for hop in reversed(hops):
        address = _plain_address(hop)
        if address is None or not _is_proxy(address):
            return address
    return None


def is_relayed(request: HttpRequest | None) -> bool:
    """Whether a neighbour whom nobody told us to trust forwards for another (未登记的代理)."""
    if request is None or "X-Forwarded-For" not in request.headers:
        return False
    return not _is_proxy(_plain_address(request.META.get("REMOTE_ADDR", "")))


def _is_proxy(address: str | None) -> bool:
    networks = _networks(tuple(getattr(settings, "TRUSTED_PROXIES", ())))
    return address is not None and any(ipaddress.ip_address(address) in network for network in networks)


@lru_cache(maxsize=8)
def _networks(told: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(each, strict=False) for each in told]


@lru_cache(maxsize=1024)
def _plain_address(told: str) -> str | None:
    try:
        address = ipaddress.ip_address(told.strip())
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def ask_to_sign_in(request: HttpRequest, why: str = "") -> HttpResponse:
    """Send to the sign-in page, and back to this page afterwards; a letter to programs (401)."""
    why = why or ("elsewhere" if sessions.was_displaced(request) else "")
    if wants_json(request):
        refusal = NotSignedIn(why_sentence(why))
        return JsonResponse({"error": refusal.as_dict()}, status=refusal.status)
    words = {"next": _way_back(request)} | ({"why": why} if why else {})
    address = f"{reverse('account_login')}?{urlencode(words)}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def next_duty(request: HttpRequest) -> HttpResponse | None:
    """What must be done before this page opens; None when all is well.

    In this order: leave when the session is over, change a due password, set up a second factor.
    """
    ended = sessions.state_of(request)
    if ended:
        logout(request)
        return ask_to_sign_in(request, ended)
    page = request.resolver_match.view_name if request.resolver_match else ""
    if page not in PASSWORD_PAGES and password_due(cast(User, request.user)):
        return _send(request, "account_change_password", "您的口令须先修改。", "首次登录或口令到期时须修改口令。")
    if page not in FACTOR_PAGES and second_factor_is_missing(request):
        return _send(request, "mfa_index", "请先设置两步验证。", "工作人员登录须使用两步验证。")
    return None


def leave_when_over(request: HttpRequest) -> None:
    """On a page open to all: whoever's session is over, or who still owes a duty, is there as a stranger.

    Without this an officer's forgotten tablet would show the public pages with an officer's eyes.
    """
    user = request.user
    if not isinstance(user, User):
        return
    over = bool(sessions.state_of(request))
    if over:
        logout(request)
    if over or password_due(user) or second_factor_is_missing(request):
        request.actor = citizen().at(  # type: ignore[attr-defined]
            channel="citizen", address=address_of(request), request_id=getattr(request, "request_id", "")
        )


def password_due(user: User) -> bool:
    """Whether this person must change the password now (首次登录、到期)."""
    return password_is_due(
        must_change=user.must_change_password,
        changed_at=user.password_changed_at,
        administrator=any(held.role_kind != Role.Kind.BUSINESS for held in posts_of(user)),
        now=time.now(),
        policy=policy(),
    )


def second_factor_is_missing(request: HttpRequest) -> bool:
    """Whether a second factor must still be set up (两步验证); a demonstration only offers it."""
    return not settings.DEMO and not has_second_factor(request)


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this person has a second factor; asked of the database once per session."""
    if request.session.get(sessions.SECOND_FACTOR):
        return True
    authenticators = apps.get_model("mfa", "Authenticator").objects
    found = authenticators.filter(user_id=request.user.pk, type__in=["totp", "webauthn"]).exists()
    if found:
        request.session[sessions.SECOND_FACTOR] = True
    return found


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks, which wants a letter as JSON and no page."""
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def _send(request: HttpRequest, page: str, what: str, meaning: str) -> HttpResponse:
    address = reverse(page)
    if wants_json(request):
        refusal = NotAllowed(what, meaning, "请用浏览器登录系统办理后再试。", code="org.duty_first")
        return JsonResponse({"error": refusal.as_dict()}, status=refusal.status)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    return HttpResponseRedirect(f"{address}?{urlencode({'next': _way_back(request)})}")


def _way_back(request: HttpRequest) -> str:
    """The page to return to: this one, or for a part or a sent form the page it stood on."""
    if request.method in ("GET", "HEAD") and not request.headers.get("HX-Request"):
        return request.get_full_path()
    stood_on = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(stood_on, allowed_hosts={request.get_host()}):
        return "/"
    parts = urlsplit(stood_on)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
