"""Every address of the house declares who may come in, and keeps to it (12.3-1): walked one by one.

A view without a declaration is refused by the middleware; here each is asked for by a stranger and by a
person who has signed in but holds no post.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, SlugConverter, StringConverter, UUIDConverter

from hezhi.engines.org.rights import EVERYBODY, SIGNED_IN
from hezhi.engines.org.testkit import enter, make_user
from hezhi.wiring.middleware import declared_right
from hezhi.wiring.places import CHECKOUT

pytestmark = pytest.mark.clause("12.3-1")

PUBLIC = {
    "/c/": "anybody may tell the government something, without an account",
    "/g/elder/": "the large view is for everybody",
    "/m/elder/": "the large view is for everybody",
    "/g/sw.js": "the worker keeps the report page for the dead zone",
    "/g/who/": "the outbox asks who is signed in before it sends",
    "/accounts/login/": "who signs in is not signed in yet",
    "/accounts/logout/": "who has been signed out meanwhile must still get an answer",
    "/accounts/2fa/authenticate/": "the second factor is part of signing in",
    "/accounts/2fa/webauthn/login/": "the second factor is part of signing in",
    "/accounts/inactive/": "a closed account is told so without being let in",
    "/accounts/reauthenticate/": "sends whoever is not signed in to the sign-in by itself",
    "/files/<uuid>/shared/": "the signed link was made by a page that had checked number and code",
    "/health/": "a watchman without an account asks whether the house stands",
    "/ready/": "a watchman without an account asks whether the house stands",
    "/areas/": "borders and names of areas are public, and a phone guesses its grid with them",
    "/api/schema/": "who signs in or shows a channel key may read the description; asked for inside",
    "/api/docs/": "who signs in or shows a channel key may read the description; asked for inside",
    "/api/v1/reports/": "an outer system shows the key of its channel instead of an account",
    "/api/v1/facts/": "a warehouse shows its key instead of an account",
    "/api/v1/report-categories/": "an outer system shows the key of its channel instead of an account",
    "/api/v1/reconciliation/": "an outer system shows the key of its channel instead of an account",
    "/api/open311/v2/": "public matters with few details; a report needs the key of a channel",
}
"""Addresses, or beginnings of them, that open without an account, each with its reason."""

MAY_BE_KEPT = ("/areas/", "/c/sw.js", "/g/sw.js", "/api/schema/")
"""What a browser may keep: public borders and names, the workers of the phones, the interface's own words."""

SAMPLES = {
    UUIDConverter: str(uuid.UUID(int=7)), IntConverter: "1", SlugConverter: "name", StringConverter: "name",
}  # fmt: skip


def walk(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, str, Any]]:
    """Address with samples filled in, address as written, view."""
    for pattern in patterns:
        written = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, written)
        elif isinstance(pattern, URLPattern):
            yield _filled(written, pattern), written, pattern.callback


def _filled(written: str, pattern: URLPattern) -> str:
    import re

    for name, converter in getattr(pattern.pattern, "converters", {}).items():
        sample = next((text for kind, text in SAMPLES.items() if isinstance(converter, kind)), "name")
        written = re.sub(rf"<(\w+:)?{name}>", sample, written)
    written = re.sub(r"<uuid:\w+>", SAMPLES[UUIDConverter], written)
    return re.sub(r"\(\?P<\w+>[^)]*\)", "name", written).replace("\\", "").replace("/?", "/")


def everything() -> list[tuple[str, str, Any]]:
    return list(walk(get_resolver().url_patterns))


def rights(view: Any) -> tuple[str, ...]:
    return declared_right(view) or ()


def may_be_public(written: str) -> bool:
    import re

    plain = re.sub(r"<uuid:\w+>", "<uuid>", written)
    return any(plain.startswith(known) for known in PUBLIC)


def test_every_address_declares_a_right() -> None:
    assert len(everything()) > 150
    assert [written for _, written, view in everything() if not rights(view)] == []


def test_only_listed_addresses_are_open_to_all() -> None:
    open_ones = [written for _, written, view in everything() if EVERYBODY in rights(view)]
    assert [written for written in open_ones if not may_be_public(written)] == []


def test_every_right_asked_for_is_a_permission_with_a_name() -> None:
    from hezhi.engines.org.permissions import all_permissions

    asked = {right for _, _, view in everything() for right in rights(view)} - {EVERYBODY, SIGNED_IN}
    assert asked - set(all_permissions()) == set()


def test_a_stranger_is_sent_to_sign_in(db: None) -> None:
    client, let_in = Client(), []
    for path, written, view in everything():
        if EVERYBODY in rights(view):
            continue
        answer = client.get(path)
        sent = answer.status_code == 302 and "/accounts/login/" in answer["Location"]
        if not sent and answer.status_code != 401:
            let_in.append((written, answer.status_code))
    assert let_in == []


def test_a_person_without_a_post_gets_through_no_door_that_asks_for_a_permission(db: None) -> None:
    """And every answer he gets, like every answer a stranger gets, forbids inline code and keeping.

    Refusals come without the page that says them in words: most of the time would go into drawing the same one again.
    """
    client, let_in, loose = enter(Client(), make_user("nobody")), [], []
    bare = {"Accept": "application/json"}
    for path, written, view in everything():
        if "logout" in path:
            continue
        is_shut = not {EVERYBODY, SIGNED_IN} & set(rights(view))
        asked = client.get(path, headers=bare if is_shut else {})
        loose += faults_of(asked, written)
        if EVERYBODY in rights(view):
            loose += faults_of(Client().get(path), written)
        elif is_shut:
            sent = client.post(path, headers=bare)
            let_in += [(written, a.status_code) for a in (asked, sent) if a.status_code not in (403, 405)]
    page = client.get("/r/cases/")
    assert page.status_code == 403 and faults_of(page, "/r/cases/") == [] and "权限" in page.content.decode()
    assert let_in == []
    assert loose == []


def faults_of(answer: Any, written: str) -> list[tuple[str, int, str, str | None]]:
    """What is wrong with an answer: a fault of ours, scripts from anywhere, or that a browser may keep it."""
    policy, keeping = answer.headers.get("Content-Security-Policy", ""), answer.headers.get("Cache-Control", "")
    scripts = "script-src 'self'" in policy or "default-src 'none'" in policy
    kept = "no-store" not in keeping and not written.startswith(MAY_BE_KEPT)
    wrong = answer.status_code >= 500 or "unsafe" in policy or not scripts or kept
    return [(written, answer.status_code, policy[:40], keeping)] if wrong else []


def test_every_address_that_a_template_names_is_there() -> None:
    """A name that is nowhere would only be found by who comes to that corner of the page."""
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    told = {
        name: file.name
        for file in (CHECKOUT / "hezhi").rglob("*.html")
        for name in re.findall(r"{%\s*url\s+['\"]([^'\"]+)['\"]", file.read_text(encoding="utf-8"))
    }
    assert len(told) > 150, "the search finds what templates say"
    assert {name: file for name, file in told.items() if name not in names} == {}
