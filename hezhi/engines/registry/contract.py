"""What every registry promises (台账契约): tests that run on each declaration by themselves.

A promise is a function that takes a `World`: two neighbouring units with a person in each, one colleague
without rights, and a way to make rows. `tests/test_contract.py` runs every promise on every declaration;
a registry declared in a test is held to the same by `keep_all(registry, client_class)`.
"""

# ruff: noqa: S101 (a contract is made of assertions)

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hezhi.engines.geo.models import Area
from hezhi.engines.org import sessions
from hezhi.engines.org.actor import Actor, actor_of, system
from hezhi.engines.org.models import Role, Unit, User
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit, traced
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import actions, addresses, exports, imports
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.examples import count_anew, made_up, make_rows
from hezhi.engines.registry.gates import export_gate
from hezhi.engines.registry.history import versions_of
from hezhi.engines.registry.models import ExportRun, ImportRun
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import registries
from hezhi.ground import time
from hezhi.ground.ids import new_id
from hezhi.ground.masks import Kind
from hezhi.ground.tables import write_rows
from hezhi.ground.ui.fields import as_typed
from hezhi.ground.words import in_words

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

SQL_OF_A_LIST = 7
Promise = Callable[["World"], None]
PROMISES: list[Promise] = []


def promise(function: Promise) -> Promise:
    """Add to the contract."""
    PROMISES.append(function)
    return function


@dataclass
class World:
    """A small district to hold a registry to its promises in."""

    registry: Registry
    clients: dict[User, Client] = field(default_factory=dict)
    actors: dict[User, Actor] = field(default_factory=dict)

    @cached_property
    def mine(self) -> Unit:
        """The unit the officer works in (甲镇街)."""
        return self._town("contract-jia", "样例甲街道", 120.10)

    @cached_property
    def theirs(self) -> Unit:
        """The unit next door (乙镇街)."""
        return self._town("contract-yi", "样例乙街道", 120.20)

    @cached_property
    def officer(self) -> User:
        """May everything this registry offers, within his town."""
        return make_officer("contract-officer", self._role, self.mine, "林样例")

    @cached_property
    def neighbour(self) -> User:
        """May as much, in the town next door."""
        return make_officer("contract-neighbour", self._role, self.theirs, "邻样例")

    @cached_property
    def half(self) -> User:
        """A colleague who may do everything but see the columns that have a right of their own."""
        wanted = set(self._role.permissions) - set(self.registry.column_rights.values())
        role = make_role("contract-half", sorted(wanted), reach=Role.Reach.AREA, name="契约部分权限")
        return make_officer("contract-half", role, self.mine, "半样例")

    @cached_property
    def stranger(self) -> User:
        """A colleague whose post has nothing to do with it."""
        role = make_role("contract-nothing", ["reach.inbox"], reach=Role.Reach.AREA, name="契约无权")
        return make_officer("contract-stranger", role, self.mine, "闲样例")

    def second_person(self) -> None:
        """Somebody in the officer's unit whose word the registry's parts ask for, where they do (第二人)."""
        asked = sorted({right for part in self.registry.parts if (right := getattr(part, "permission", ""))})
        if asked:
            role = make_role("contract-second", asked, reach=Role.Reach.OWN_UNIT, name="契约审批人")
            make_officer("contract-second", role, self.mine, "审样例")

    @property
    def is_public(self) -> bool:
        """Whether everybody with the right reads every row."""
        return type(self.registry).scope is public

    def by(self, user: User) -> Actor:
        """The actor a person is; in a prepared world nobody changes his post."""
        forget_who_made_this()
        return self.actors.get(user) or actor_of(user)

    def rows(self, many: int = 1, unit: Unit | None = None) -> list[Any]:
        """Rows that lie in a unit, the officer's own if none is named."""
        made = make_rows(self.registry, unit or self.mine, self.officer, many)
        forget_who_made_this()
        return made

    def client(self, user: User | None = None) -> Client:
        """A browser in which a person has signed in, the officer if nobody is named."""
        user = user or self.officer
        if user not in self.clients:
            self.clients[user] = enter(Client(raise_request_exception=True), user)
        forget_who_made_this()
        return self.clients[user]

    def prepare(self, office: World | None = None) -> World:
        """Make everybody and sign them in, so that many promises can be held to one world (see `hold`).

        In an office that is there already, its people get the rights of this registry, and their sessions go on.
        """
        if office is not None:
            vars(self).update({name: vars(office)[name] for name in OF_THE_OFFICE})
            self.clients = {user: go_on(client) for user, client in office.clients.items()}
        assert self._role and self.mine and self.theirs
        everybody = (self.officer, self.neighbour, self.stranger, *([self.half] if self.registry.column_rights else ()))
        for user in everybody:
            self.client(user)
        self.actors = {user: actor_of(user) for user in everybody}
        return self

    def get(self, url: str, user: User | None = None, **more: Any) -> Any:
        """Open a page."""
        return self.client(user).get(url, **more)

    def status(self, url: str, user: User | None = None, method: str = "get") -> int:
        """What a door answers, without the page that says it in words: most of a refusal is its drawing."""
        answer = getattr(self.client(user), method)(url, headers={"Accept": "application/json"})
        return int(answer.status_code)

    def part(self, url: str) -> Any:
        """Ask for a list as htmx does when one sorts, filters or turns a page: the table without what is around it."""
        return self.get(url, headers={"HX-Request": "true"})

    def api(self, method: str, url: str, body: Any = None, user: User | None = None) -> Any:
        """Call the machine interface."""
        sent = json.dumps(body) if body is not None else ""
        return getattr(self.client(user), method)(url, data=sent, content_type="application/json")

    def typed(self, row: Any = None) -> dict[str, str]:
        """What a person would type to enter a row like this one."""
        if row is None:
            with acting(system("契约测试"), verb="registry.examples"):
                row = made_up(self.registry, self.mine, self.officer)
            forget_who_made_this()
        form = self.registry.form_class(by=self.by(self.officer), instance=row)  # type: ignore[call-arg]
        typed = {}
        for name, item in form.fields.items():
            kept = form.initial.get(name)  # what lies beside the row
            value = getattr(row, f"{name}_id", None) if hasattr(row, f"{name}_id") else getattr(row, name, kept)
            told = as_typed(item, value)
            typed[name] = told if isinstance(told, str) else in_words(told)
        return {name: value for name, value in typed.items() if value != ""}

    @cached_property
    def _role(self) -> Role:
        of_parts = [right for part in self.registry.parts if (right := getattr(part, "right", ""))]
        wanted = {self.registry.permission(c) for c in ("view", *CAPABILITIES, *of_parts) if _has(self.registry, c)}
        wanted |= set(self.registry.column_rights.values())
        return make_role("contract-officer", sorted(wanted), reach=Role.Reach.AREA, name="契约岗位")

    @cached_property
    def _district(self) -> Area:
        return _area("contract-district", "样例区", "district", 120.10, 0.2, None)

    def _town(self, code: str, name: str, west: float) -> Unit:
        area = _area(code, name, "town", west, 0.1, self._district)
        return make_unit(code, Unit.Kind.TOWN, name=name, area=area)


CAPABILITIES = ("edit", "delete", "import", "export", "reveal")
OF_THE_OFFICE = ("_district", "mine", "theirs", "officer", "neighbour", "stranger")
"""What the worlds of all registries have in common; the rights of the people's one role change with the registry."""


def go_on(client: Client) -> Client:
    """Say that a session was used just now: none is renewed in the middle of a promise because the tests took long."""
    session = client.session
    session[sessions.SEEN] = time.now().timestamp()
    session.save()
    return client


FORGET = "SELECT set_config('pghistory.context_id', '', true), set_config('pghistory.context_metadata', '', true)"


def forget_who_made_this() -> None:
    """Take back the trace under which a test made its people and rows: what follows must bring its own.

    Asked before each click, and past Django's line, so that it costs little and is no query of the page.
    """
    connection.ensure_connection()
    connection.connection.execute(FORGET)


def _has(registry: Registry, capability: str) -> bool:
    try:
        return bool(registry.permission(capability))
    except KeyError:
        return False


def _area(code: str, name: str, level: str, west: float, width: float, above: Area | None) -> Area:
    traced()
    square = Polygon.from_bbox((west, 36.0, west + width, 36.1))
    shape = MultiPolygon(square, srid=4326)
    values = {"name": name, "full_name": name, "level": level, "shape": shape, "centre": shape.centroid}
    return Area.objects.create(code=code, parent=above, district=above, valid_from=time.today(), **values)


def keep_all(registry: Registry) -> None:
    """Hold one registry to every promise, each in a transaction that is taken back."""
    for keeps in PROMISES:
        hold(World(registry), keeps)


def hold(world: World, keeps: Promise) -> None:
    """Hold a world to one promise and take back all that it wrote; what browsers were told is forgotten."""
    for client in world.clients.values():
        client.cookies.pop("messages", None)
    count_anew()
    with transaction.atomic():
        keeps(world)
        transaction.set_rollback(True)


@contextmanager
def prepared(registry: Registry, office: World | None = None) -> Iterator[World]:
    """A prepared world for the promises of one registry, all taken back at the end."""
    with transaction.atomic():
        yield World(registry).prepare(office)
        transaction.set_rollback(True)


@contextmanager
def an_office() -> Iterator[World]:
    """Two towns and their people, signed in once for the worlds of many registries; all taken back at the end."""
    with prepared(next(registry for registry in registries() if not registry.column_rights)) as made:
        yield made


def _text(response: Any) -> str:
    return str(response.content.decode())


def _faults(response: Any) -> str:
    """What a page complains about, short enough for a test's report."""
    form = (getattr(response, "context", None) or {}).get("form")
    return (
        f"{response.status_code} {form.errors.as_json() if form is not None and form.errors else _text(response)[:300]}"
    )


def _api_offered(world: World) -> bool:
    return "api" in world.registry.offers


# -- who sees what ---------------------------------------------------------------------------------


@promise
def its_list_shows_the_rows_of_ones_own_unit(world: World) -> None:
    row = world.rows()[0]
    page = world.get(world.registry.url())
    assert page.status_code == 200, _faults(page)
    assert f'data-row="{row.pk}"' in _text(page)
    assert world.registry.row_name(row) != str(row.pk), "a person reads a name, not a key"


@promise
def without_the_right_every_door_is_shut(world: World) -> None:
    row, registry = world.rows()[0], world.registry
    doors = [registry.url(row.pk), registry.url("new"), registry.url(row.pk, "edit"),
             registry.url("import"), registry.url("export"), registry.url("map")]  # fmt: skip
    for door in doors:
        assert world.status(door, world.stranger) in (403, 404), door
    assert world.get(registry.url(), world.stranger).status_code == 403
    if _api_offered(world):
        answer = world.api("get", registry.rest_url(), user=world.stranger)
        assert answer.status_code == 403
        assert answer.json()["error"]["number"]


@promise
def without_signing_in_nothing_opens(world: World) -> None:
    row, registry = world.rows()[0], world.registry
    assert Client().get(registry.url()).status_code in (302, 401, 403)
    if _api_offered(world):
        assert Client().get(registry.rest_url(row.pk)).status_code in (401, 403)


@promise
def a_neighbour_unit_sees_nothing(world: World) -> None:
    if world.is_public:
        return
    row, registry, other = world.rows()[0], world.registry, world.neighbour
    page = world.get(registry.url(), other)
    assert page.status_code == 200
    assert str(row.pk) not in _text(page)
    if registry.search_column or registry.search:
        word = str(registry.column(registry.name_path).value(row))[:20]
        found = world.get(registry.url() + "?" + f"q={word}", other)
        assert str(row.pk) not in _text(found)
    for door in ((row.pk,), (row.pk, "edit"), (row.pk, "remove")):
        assert world.status(registry.url(*door), other) == 404, door
    assert world.status(f"{registry.url(row.pk)}?tab=history", other) == 404
    if registry.gives("bulk"):
        data = {"chosen": [str(row.pk)], "apply": "1", "set": registry.bulk[0], registry.bulk[0]: "1"}
        answer = world.client(other).post(registry.url("bulk"), data)
        assert answer.status_code in (404, 422)


@promise
def a_neighbour_machine_sees_nothing(world: World) -> None:
    if world.is_public or not _api_offered(world):
        return
    row, registry, other = world.rows()[0], world.registry, world.neighbour
    told = world.api("get", registry.rest_url(), user=other).json()
    assert told["items"] == [] and told["total"] == 0
    for address in (registry.rest_url(row.pk), registry.rest_url(row.pk, "history")):
        assert world.api("get", address, user=other).status_code == 404, address
    if "edit" in registry.offers:
        assert world.api("patch", registry.rest_url(row.pk), {}, other).status_code == 404
    if "delete" in registry.offers:
        assert world.api("delete", registry.rest_url(row.pk) + "?reason=x", user=other).status_code == 404
    if registry.on_map:
        assert world.get(registry.rest_url("map"), other).json()["features"] == []


@promise
def what_does_not_exist_is_not_found(world: World) -> None:
    world.rows()
    assert world.get(world.registry.url(new_id())).status_code == 404
    if _api_offered(world):
        answer = world.api("get", world.registry.rest_url(new_id()))
        assert answer.status_code == 404 and answer.json()["error"]["what"]


# -- masks -----------------------------------------------------------------------------------------


@promise
def masks_hold_everywhere(world: World) -> None:
    registry = world.registry
    if not registry.mask_kinds:
        return
    row = world.rows()[0]
    _touch(world, row)
    pages = [registry.url(), registry.url(row.pk), f"{registry.url(row.pk)}?tab=history", registry.url(row.pk, "edit")]
    if _api_offered(world):
        pages += [registry.rest_url(), registry.rest_url(row.pk), registry.rest_url(row.pk, "history")]
        pages += [registry.rest_url("map")] if registry.on_map else []
    secrets = [_secret(row, name, kind) for name, kind in registry.mask_kinds.items()]
    for url in pages:
        answer = world.get(url)
        if answer.status_code == 200:
            for secret in filter(None, secrets):
                assert secret not in _text(answer), url


def _touch(world: World, row: Any) -> None:
    """Change something, so that the history has differences to hide."""
    if "edit" in world.registry.offers:
        data = world.typed()
        kept = {n: v for n, v in data.items() if n in world.registry.mask_kinds}
        actions.change(world.registry, row.pk, kept, by=world.by(world.officer), only=kept)


def _secret(row: Any, name: str, kind: Kind) -> str:
    """The part of a value that its mask must hide."""
    value = in_words(getattr(row, name))
    if kind is Kind.TEXT:
        return ""  # a text is shown; the numbers in it are the masks' own tests
    return value if len(value) > 2 else ""


@promise
def a_mask_that_comes_back_means_unchanged(world: World) -> None:
    registry = world.registry
    names = [n for n, kind in registry.mask_kinds.items() if n in registry.form_fields and kind is not Kind.CATEGORY]
    if not names or "edit" not in registry.offers:
        return
    row = world.rows()[0]
    before = {name: getattr(row, name) for name in names}
    page = world.get(registry.url(row.pk, "edit"))
    data = world.typed(row) | {name: registry.column(name).plain(row) for name in names}
    answer = world.client().post(registry.url(row.pk, "edit"), data | {"row_version": page.context["row_version"]})
    assert answer.status_code == 302, _faults(answer)
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in names} == before


@promise
def a_column_with_a_right_of_its_own_is_seen_nowhere_without_it(world: World) -> None:
    registry = world.registry
    if not registry.column_rights:
        return
    row = world.rows()[0]
    pages = [registry.url(), registry.url(row.pk), f"{registry.url(row.pk)}?tab=history", registry.url(row.pk, "edit")]
    for name in registry.column_rights:
        label = str(registry.column(name).label)
        seen = [url for url in pages if label in _text(world.get(url))]
        assert seen, f"{name} is shown to nobody"
        for url in pages:
            page = world.get(url, world.half)
            if page.status_code == 200 and "tab=history" not in url:
                assert label not in _text(page), url
        told = exports.content_of(registry, _draft(world), world.by(world.half))[0]
        assert label not in _sheet_heading(told)
        if _api_offered(world):
            assert name not in world.api("get", registry.rest_url(), user=world.half).json()["items"][0]
            assert name not in world.api("get", registry.rest_url(row.pk), user=world.half).json()
            answer = world.api("patch", registry.rest_url(row.pk), {name: "1"}, world.half)
            assert answer.status_code == 422 or "edit" not in registry.offers


def _sheet_heading(content: bytes) -> str:
    from hezhi.ground.tables import plain_rows

    return " ".join(" ".join(cells) for _, cells in plain_rows(io.BytesIO(content), "xlsx"))


# -- the list --------------------------------------------------------------------------------------


@promise
def its_list_costs_the_same_for_few_and_many_rows(world: World) -> None:
    """Ten rows, then a thousand."""
    world.rows(10)
    world.get(world.registry.url())  # what is read once per process is read now
    few = _cost(world)
    world.rows(990)
    many = _cost(world)
    if many > few:  # a session is renewed once in a while: asked again at once, only the rows can make a difference
        many = _cost(world)
    assert many <= few, f"{few} queries for 10 rows, {many} for 1,000"
    assert many <= SQL_OF_A_LIST, f"{many} queries for a list of 50"


def _cost(world: World) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert world.get(world.registry.url()).status_code == 200
    return len(seen)


@promise
def its_pages_show_each_row_once_forwards_and_backwards(world: World) -> None:
    world.rows(42)
    expected = _shown(world, world.get(world.registry.url() + "?size=100"))
    url, seen = "?size=20", []
    while url:
        page = world.part(world.registry.url() + url)
        seen += _shown(world, page)
        url, last = page.context["listing"].pager.next_url, page
    assert seen == expected and len(set(seen)) == len(seen)
    back, url = _shown(world, last), last.context["listing"].pager.previous_url
    while url:
        page = world.part(world.registry.url() + url)
        back = _shown(world, page) + back
        url = page.context["listing"].pager.previous_url
    assert back == expected


def _shown(world: World, page: Any) -> list[str]:
    assert page.status_code == 200, _faults(page)
    return [row.id for row in page.context["listing"].rows]


@promise
def it_can_be_sorted_by_each_column_that_says_so(world: World) -> None:
    """Each column both ways by the list's own question; that a page asks it so is seen at one of them."""
    world.rows(3)
    orders = [f"{sign}{name}" for name in world.registry.columns if world.registry.can_sort(name) for sign in ("", "-")]
    with acting(system("契约测试"), verb="registry.examples"):  # what parts keep for one verb they read once for all
        for order in orders:
            assert len(_in_order(world, order)) >= 3, order
    if orders:
        page = world.part(f"{world.registry.url()}?order={orders[-1]}&size=20")
        assert _shown(world, page) == _in_order(world, orders[-1])


def _in_order(world: World, order: str) -> list[str]:
    asked = Asked(world.registry, world.by(world.officer), QueryDict(f"order={order}&size=20"))
    return [str(row.pk) for row in asked.page(list(asked.columns.values())).rows]


@promise
def each_filter_takes_a_value(world: World) -> None:
    world.rows(2)
    samples = {"KeysFilter": str(new_id()), "DayFilter": "2026-11-22", "YesNoFilter": "1", "NumberFilter": "1"}
    for name, made in world.registry.filterset_class.base_filters.items():
        kind = next((c.__name__ for c in type(made).__mro__ if c.__name__ in samples), "")
        choices = [code for code, _ in (made.extra.get("choices") or ()) if code not in ("", None)]
        least = str(made.extra.get("min_value") or "")
        value = least or samples.get(kind) or (choices[0] if choices else "样例")
        assert world.part(f"{world.registry.url()}?{name}={value}").status_code == 200, name


@promise
def an_unknown_filter_is_refused_in_words(world: World) -> None:
    page = world.get(world.registry.url() + "?no_such_filter=1")
    assert page.status_code == 422 and "no_such_filter" in _text(page)
    damaged = world.get(world.registry.url() + "?after=damaged")
    assert damaged.status_code == 422
    if _api_offered(world):
        answer = world.api("get", world.registry.rest_url() + "?no_such_filter=1")
        assert answer.status_code == 422
        assert "no_such_filter" in answer.json()["error"]["fields"]


@promise
def a_script_in_a_value_stays_a_text(world: World) -> None:
    registry = world.registry
    row = world.rows()[0]
    texts = [f for f in registry.model._meta.concrete_fields if f.name in registry.form_fields and _is_text(f)]
    if not texts or "edit" not in registry.offers:
        return
    target = next((f for f in texts if (f.max_length or 999) >= 40), None)
    if target is None or target.name in registry.mask_kinds:
        return
    traced()
    registry.model._default_manager.filter(pk=row.pk).update(**{target.name: "<script>alert(1)</script>"})
    for url in (
        registry.url(),
        registry.url(row.pk),
        registry.url(row.pk, "edit"),
        f"{registry.url(row.pk)}?tab=history",
    ):
        assert "<script>alert(1)" not in _text(world.get(url)), url


def _is_text(item: Any) -> bool:
    return item.get_internal_type() in ("CharField", "TextField") and not item.choices


# -- forms -----------------------------------------------------------------------------------------


@promise
def a_row_that_is_entered_stands_in_list_and_history(world: World) -> None:
    registry = world.registry
    if "add" not in registry.offers:
        return
    before = registry.visible(world.by(world.officer)).count()
    page = world.get(registry.url("new"))
    data = world.typed() | {"form_token": page.context["form_token"]}
    first = world.client().post(registry.url("new"), data)
    assert first.status_code == 302, _faults(first)
    again = world.client().post(registry.url("new"), data)
    assert again.status_code == 302, "a form that is sent twice is answered as if it had been sent once"
    assert registry.visible(world.by(world.officer)).count() == before + 1
    row = registry.visible(world.by(world.officer)).latest("pk")
    assert f'data-row="{row.pk}"' in _text(world.get(registry.url() + "?size=200"))
    if versions_of(registry.model):
        told = _text(world.get(f"{registry.url(row.pk)}?tab=history"))
        assert "登记" in told and world.officer.full_name in told


@promise
def bad_input_is_told_and_keeps_what_was_typed(world: World) -> None:
    registry = world.registry
    if "add" not in registry.offers:
        return
    data = world.typed()
    form = registry.form_class(by=world.by(world.officer))  # type: ignore[call-arg]
    needed = next((n for n, f in form.fields.items() if f.required and n in data), None)
    kept = next((n for n, v in data.items() if n != needed and len(v) > 3 and n not in registry.mask_kinds), None)
    page = world.get(registry.url("new"))
    token = page.context["form_token"]
    if needed is None:
        return
    answer = world.client().post(
        registry.url("new"), {n: v for n, v in data.items() if n != needed} | {"form_token": token}
    )
    assert answer.status_code == 422
    assert "error-summary" in _text(answer)
    if kept:
        assert data[kept] in _text(answer), kept
    assert token in _text(answer), "the corrected form must still be known as the same form"


@promise
def the_second_of_two_people_loses_no_text(world: World) -> None:
    registry = world.registry
    target = _editable_text(registry)
    if target is None:
        return
    row = world.rows()[0]
    opened = world.get(registry.url(row.pk, "edit")).context["row_version"]
    data = world.typed(row) | {"row_version": opened}
    first = world.client().post(registry.url(row.pk, "edit"), data | {target: "甲先改的样例"})
    assert first.status_code == 302, _faults(first)
    second = world.client().post(registry.url(row.pk, "edit"), data | {target: "乙后改的样例"})
    assert second.status_code == 409
    assert "乙后改的样例" in _text(second) and "甲先改的样例" in _text(second)
    row.refresh_from_db()
    assert getattr(row, target) == "甲先改的样例"
    third = world.client().post(
        registry.url(row.pk, "edit"), data | {target: "乙后改的样例", "row_version": second.context["row_version"]}
    )
    assert third.status_code == 302


def _editable_text(registry: Registry) -> str | None:
    if "edit" not in registry.offers:
        return None
    fields = {f.name: f for f in registry.model._meta.concrete_fields}
    plain = (n for n in registry.form_fields if n in fields and _is_text(fields[n]) and n not in registry.mask_kinds)
    skipped = ("code", "phone", "category", "email", "stage", "kind", "urgency")
    return next((n for n in plain if n not in registry.natural_key and not n.endswith(skipped)), None)


@promise
def a_row_that_is_removed_can_come_back(world: World) -> None:
    registry = world.registry
    if "delete" not in registry.offers:
        return
    row = world.rows()[0]
    url = registry.url(row.pk, "remove")
    assert world.client().post(url, {"reason": ""}).status_code == 422
    assert world.client().post(url, {"reason": "契约测试"}).status_code == 302
    row = registry.visible(world.by(world.officer)).get(pk=row.pk)
    assert actions.is_removed(registry, row)
    if registry.removed_by == "removed_at":
        assert str(row.pk) not in _text(world.get(registry.url()))
        assert str(row.pk) in _text(world.get(registry.url() + "?removed=1"))
    assert world.client().post(registry.url(row.pk, "restore")).status_code == 302
    row = registry.visible(world.by(world.officer)).get(pk=row.pk)
    assert not actions.is_removed(registry, row)


# -- the machine interface -------------------------------------------------------------------------


@promise
def a_machine_reads_what_the_description_says(world: World) -> None:
    if not _api_offered(world):
        return
    from hezhi.engines.registry.schema import row_serializer

    row, registry = world.rows(2)[0], world.registry
    told = world.api("get", registry.rest_url() + "?size=1000").json()
    assert told["total"] >= 2 and not told["total_is_capped"]
    names = set(row_serializer(registry)().fields)
    assert set(told["items"][0]) | {"version"} == names, set(told["items"][0]) ^ names
    assert world.api("get", registry.rest_url(row.pk)).json()["id"] == str(row.pk)
    history = world.api("get", registry.rest_url(row.pk, "history")).json()
    assert bool(history["items"]) == bool(versions_of(registry.model))


@promise
def a_machine_writes_through_the_same_form(world: World) -> None:
    registry = world.registry
    if not _api_offered(world) or "add" not in registry.offers:
        return
    answer = world.api("post", registry.rest_url(), world.typed())
    assert answer.status_code == 201, _faults(answer)
    made = answer.json()
    unknown = world.api("post", registry.rest_url(), {"no_such_field": 1})
    assert unknown.status_code == 422 and "no_such_field" in unknown.json()["error"]["fields"]
    target = _editable_text(registry)
    if target:
        changed = world.api(
            "patch", registry.rest_url(made["id"]), {target: "机器改的样例", "version": made["version"]}
        )
        assert changed.status_code == 200, _faults(changed)
        late = world.api("patch", registry.rest_url(made["id"]), {target: "迟到的样例", "version": made["version"]})
        assert late.status_code == 409
    broken = world.client().post(registry.rest_url(), data="{", content_type="application/json")
    assert broken.status_code == 400 and broken.json()["error"]["what"]


# -- sheets in and out -----------------------------------------------------------------------------


@promise
def an_export_comes_back_unchanged(world: World) -> None:
    registry = world.registry
    if "import" not in registry.offers:
        return
    world.rows(3)
    content, rows, _ = exports.content_of(registry, _draft(world), world.by(world.officer))
    assert rows >= 3
    run = _upload(world, content)
    assert run.state == "checked", run.failure
    assert (run.new, run.changed, run.refused) == (0, 0, 0), run.report
    assert run.unchanged == rows


@promise
def a_sheet_is_checked_then_written_then_taken_back(world: World) -> None:
    registry = world.registry
    if "import" not in registry.offers:
        return
    sheet = _sheet(world, [world.typed(), world.typed()])
    before = registry.visible(world.by(world.officer)).count()
    run = _upload(world, sheet)
    assert (run.state, run.new, run.refused) == ("checked", 2, 0), run.report
    assert registry.visible(world.by(world.officer)).count() == before, "a check writes nothing"
    url = registry.url("import", run.pk)
    assert world.get(url).status_code == 200
    assert world.client().post(url, {"step": "confirm"}).status_code == 302
    run.refresh_from_db()
    assert run.state == "written", run.failure
    assert registry.visible(world.by(world.officer)).count() == before + 2
    if versions_of(registry.model) and registry.removed_by:
        assert world.client().post(url, {"step": "undo", "reason": "契约测试"}).status_code == 302
        run.refresh_from_db()
        assert run.state == "undone"


@promise
def a_bad_row_is_handed_back_and_spoils_no_other(world: World) -> None:
    registry = world.registry
    if "import" not in registry.offers:
        return
    good, bad = world.typed(), world.typed()
    form = registry.form_class(by=world.by(world.officer))  # type: ignore[call-arg]
    needed = next((n for n, f in form.fields.items() if f.required and n in bad), None)
    if needed is None:
        return
    bad[needed] = ""
    run = _upload(world, _sheet(world, [good, bad]))
    assert (run.new, run.refused) == (1, 1), run.report
    report = world.get(registry.url("import", run.pk, "report"))
    assert report.status_code == 200 and report.content[:2] == b"PK"
    unknown = _upload(world, _sheet(world, [good], extra={"没有这一列": "1"}))
    assert unknown.state == "failed" and "没有这一列" in unknown.failure


@promise
def a_masked_cell_of_a_sheet_means_unchanged(world: World) -> None:
    registry = world.registry
    names = [n for n in registry.mask_kinds if n in registry.form_fields]
    if not names or "import" not in registry.offers:
        return
    row = world.rows()[0]
    before = {name: getattr(row, name) for name in names}
    masked = {name: str(registry.column(name).plain(row)) for name in names}
    run = _upload(world, _sheet(world, [world.typed(row) | masked]))
    assert (run.new, run.changed, run.refused) == (0, 0, 0), run.report
    strange = _upload(world, _sheet(world, [world.typed() | masked]))
    assert strange.new == 0 and strange.refused == 1, "stars that stand for nothing are refused"
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in names} == before


@promise
def an_export_is_made_within_scope_and_fetched_by_its_owner_alone(world: World) -> None:
    registry = world.registry
    if "export" not in registry.offers:
        return
    world.rows(2)
    world.second_person()
    url = registry.url("export")
    assert world.get(url).status_code == 200
    assert world.client().post(url, {"format": "xlsx", "reason": ""}).status_code == 422
    asked = world.client().post(url, {"format": "csv", "reason": "契约测试"})
    if export_gate(registry, _draft(world), world.by(world.officer)).state == "closed":
        assert asked.status_code == 403, "a closed gate lets nothing out: personal data, or nobody who could approve"
        return
    run = ExportRun.objects.get(user=world.officer)
    if run.state == "approval":
        exports.release(run, by=world.by(world.neighbour))
    exports.make(run.pk)
    run.refresh_from_db()
    assert run.state == "done" and run.rows >= 2, run.failure
    file = f"{addresses.PAGES}/exports/{run.pk}/file/"
    assert world.get(file).status_code == 200
    assert world.get(file, world.neighbour).status_code == 404
    if not world.is_public:
        _, rows, _ = exports.content_of(registry, run, world.by(world.neighbour))
        assert rows == 0, "a neighbour's export of the same query holds nothing of ours"


def _draft(world: World) -> ExportRun:
    """An export that was not asked for, to read what its file would hold."""
    return ExportRun(registry=world.registry.slug, user=world.officer, created_at=time.now(), reason="契约测试")


def _upload(world: World, content: bytes) -> ImportRun:
    upload = SimpleUploadedFile("yangli.xlsx", content)
    return imports.receive(world.registry, upload, by=world.by(world.officer))


def _sheet(world: World, rows: list[dict[str, str]], extra: dict[str, str] | None = None) -> bytes:
    """A sheet as a person would fill it in, with the labels of the template as headings."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    fields = world.registry.fields()
    headings = [str(fields[name].label) for name in names] + list(extra or {})
    out = io.BytesIO()
    lines = [[row.get(name, "") for name in names] + list((extra or {}).values()) for row in rows]
    write_rows(out, "数据", headings, lines)
    return out.getvalue()
