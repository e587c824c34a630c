"""The machine interface: closed by default, every refusal a letter, described as it is."""

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import exceptions, serializers, views
from rest_framework.response import Response

from hezhi.engines.org.rights import EVERYBODY
from hezhi.engines.registry import interface
from hezhi.engines.registry.contract import World
from hezhi.ground.errors import Refusal

API = "/api/v1/service-points/"


def call(view: type[views.APIView], method: str = "get", actor: object = None, **more: object):
    request = getattr(RequestFactory(), method)("/api/v1/x/", **more)
    request.actor = actor  # type: ignore[attr-defined]
    return view.as_view()(request)


class Silent(views.APIView):
    """A view whose author forgot to say who may open it."""

    def get(self, request):
        return Response({})


class Open(views.APIView):
    right = (EVERYBODY,)

    def get(self, request):
        raise self.fault

    fault: Exception = Refusal("办不成")


def test_a_view_that_declares_no_right_opens_to_nobody() -> None:
    answer = call(Silent)
    assert answer.status_code == 403 and answer.data["error"]["code"] == "api.no_declared_right"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (exceptions.ParseError(), 400), (exceptions.NotAuthenticated(), 401), (exceptions.PermissionDenied(), 403),
        (exceptions.NotFound(), 404), (exceptions.MethodNotAllowed("PUT"), 405),
        (exceptions.UnsupportedMediaType("text/x"), 415), (exceptions.Throttled(7), 429), (Refusal("办不成"), 400),
        (serializers.ValidationError({"a": {"b": ["错"]}, "non_field_errors": ["合起来错"]}), 422),
    ],
)  # fmt: skip
def test_every_refusal_is_a_letter_with_a_number(fault: Exception, status: int) -> None:
    answer = call(type("Faulty", (Open,), {"fault": fault}))
    assert answer.status_code == status
    error = answer.data["error"]
    assert error["what"] and error["number"] and error["code"]
    if status == 429:
        assert answer["Retry-After"] == "7"
    if status == 422:
        assert error["fields"] == {"a.b": ["错"], "": ["合起来错"]}


def test_what_is_no_refusal_stays_a_fault() -> None:
    with pytest.raises(ZeroDivisionError):
        call(type("Broken", (Open,), {"fault": ZeroDivisionError()}))


def test_a_machine_pages_through_all_rows(world: World) -> None:
    world.rows(5)
    told = world.api("get", f"{API}?size=2").json()
    seen, pages = [item["id"] for item in told["items"]], 1
    while told["next"]:
        told = world.api("get", told["next"]).json()
        seen += [item["id"] for item in told["items"]]
        pages += 1
    assert (len(set(seen)), len(seen), pages) == (5, 5, 3)
    back = world.api("get", told["previous"]).json()
    assert [item["id"] for item in back["items"]] == seen[2:4]


def test_a_machine_gives_keys_as_code_name_or_what_it_read(world: World) -> None:
    body = world.typed() | {
        "unit": world.mine.code,
        "kind": "维修",
        "point": {"type": "Point", "coordinates": [120.125, 36.05]},
    }
    made = world.api("post", API, body)
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["unit"]["label"] == world.mine.name and told["kind"] == "repair"
    assert told["point"] == {"type": "Point", "coordinates": [120.125, 36.05]}
    again = world.api("patch", f"{API}{told['id']}/", {"unit": told["unit"], "keeper": "新人"})
    assert again.status_code == 200 and again.json()["keeper"] == "新人"
    assert again.json()["version"] == "1"


def test_a_masked_value_that_is_sent_back_changes_nothing(world: World) -> None:
    row = world.rows()[0]
    told = world.api("get", f"{API}{row.pk}/").json()
    answer = world.api("patch", f"{API}{row.pk}/", {"keeper_phone": told["keeper_phone"], "keeper": "新人"})
    assert answer.status_code == 200
    row.refresh_from_db()
    assert row.keeper == "新人" and "*" not in row.keeper_phone


def test_a_removal_wants_its_reason(world: World) -> None:
    row = world.rows()[0]
    assert world.api("delete", f"{API}{row.pk}/").status_code == 422
    assert world.api("delete", f"{API}{row.pk}/?reason=停办").status_code == 204
    assert world.api("get", API).json()["total"] == 0
    assert world.api("get", f"{API}?removed=1").json()["total"] == 1
    assert world.api("post", f"{API}{row.pk}/restore/").status_code == 200


@pytest.mark.parametrize("body", ["[1]", '"x"', "{", "\x00"])
def test_a_body_that_is_no_object_is_refused_in_words(world: World, body: str) -> None:
    answer = world.client().post(API, data=body, content_type="application/json")
    assert answer.status_code in (400, 422) and answer.json()["error"]["what"]


def test_the_map_gives_points_within_the_box_and_nothing_personal(world: World) -> None:
    row = world.rows()[0]
    told = world.get(f"{API}map/").json()
    assert [f["id"] for f in told["features"]] == [str(row.pk)] and told["truncated"] is False
    assert set(told["features"][0]["properties"]) == {"link", "label"}
    assert world.get(f"{API}map/?bbox=0,0,1,1").json()["features"] == []
    assert len(world.get(f"{API}map/?bbox=120,36,121,37").json()["features"]) == 1
    for bad in ("bbox=1,2,3", "bbox=40553211,3994211,40553212,3994212", "limit=0", "limit=x", "colour=red"):
        assert world.get(f"{API}map/?{bad}").status_code == 422, bad
    world.rows()
    assert world.get(f"{API}map/?limit=1").json()["truncated"] is True


WORDS = st.text(max_size=20) | st.sampled_from(
    ["0", "-1", "²", "1e400", "0001-01-01", "9999-12-31", "\x00", "%", "_", "a" * 300]
)
NAMES = st.sampled_from(
    [
        "q",
        "kind",
        "unit",
        "opens_on_from",
        "opens_on_to",
        "open_now",
        "order",
        "size",
        "after",
        "before",
        "removed",
        "bbox",
        "limit",
        "x",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=80)
    | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(asked=st.dictionaries(NAMES, WORDS, max_size=3))
def test_no_question_breaks_the_list_or_the_map(world: World, asked: dict[str, str]) -> None:
    for url in (API, f"{API}map/", "/r/service-points/"):
        answer = world.client().get(url, asked)
        assert answer.status_code in (200, 403, 422), (url, asked)


FIELDS = ["unit", "name", "kind", "address", "point", "opens_on", "open_now", "keeper", "keeper_phone", "version", "x"]


@QUICK
@given(body=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))
def test_no_body_breaks_the_form(world: World, body: dict[str, object]) -> None:
    told = world.typed() | body
    answer = world.api("post", API, told)
    assert answer.status_code in (201, 422), body
    assert answer.json()


def test_the_description_says_what_the_interface_takes(world: World) -> None:
    from drf_spectacular.generators import SchemaGenerator

    told = SchemaGenerator(patterns=interface.rest_patterns(world.registry)).get_schema(request=None, public=True)
    listed = told["paths"]["/api/v1/service-points/"]["get"]
    names = {parameter["name"] for parameter in listed["parameters"]}
    assert {"kind", "unit", "opens_on_from", "opens_on_to", "open_now", "q", "order", "size", "after"} <= names
    answer = listed["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert answer.endswith("ServicePointsPage")
    sent = told["components"]["schemas"]["ServicePointsEntry"]
    assert set(sent["required"]) == {"name", "kind", "address", "opens_on"}
    methods = {path: sorted(item) for path, item in told["paths"].items()}
    assert methods["/api/v1/service-points/{id}/"] == ["delete", "get", "patch"]
