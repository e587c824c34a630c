"""Open311 GeoReport v2 as a facade (Open311 接口, 9.1.2-1): services, requests in and out, in JSON and XML.

For exchange with other cities' tools, never the model of our own work: two states, few words. Out goes nothing of a
person and no free text: the category, its state, the place as town and community with a point rounded to about a
hundred metres, and times. Only categories marked public are services; a secret case does not exist here.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.crypto import salted_hmac
from django.views.decorators.csrf import csrf_exempt

from hezhi.channels.open_api.words import WRITE_SCOPE
from hezhi.chapters.cases.handling.api import ENDED, PUBLIC_STATES, Case, Category, queries
from hezhi.chapters.cases.intake.api import Message, take_in
from hezhi.engines.connect.api import KeyActor, OutOfScope, UnknownKey, authenticate
from hezhi.engines.org.rights import open_to_all
from hezhi.ground import time
from hezhi.ground.crypto import same
from hezhi.ground.errors import BadInput, NotFound, Refusal

clause = "9.1.2-1"
DAYS, MOST = 90, 1000
Rows = list[dict[str, Any]]
INSIDE = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}
"""How the members of a list are called in XML, as the standard has them."""


def _door(method: str, root: str, item: str) -> Callable[..., Any]:
    """A view that answers in the form of the address (`.json`, `.xml`), refusals included, as the standard says them."""

    def made(work: Callable[..., Rows]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @open_to_all("public data of Open311; a report needs a key", clause=clause)
        def answer(request: HttpRequest, form: str, **where: Any) -> HttpResponse:
            if form not in ("json", "xml"):
                return _told([{"code": 404, "description": "只提供 .json 和 .xml。"}], "json", "errors", "error", 404)
            if request.method not in (method, "HEAD"):
                return _told([{"code": 405, "description": "不支持这种请求方法。"}], form, "errors", "error", 405)
            try:
                rows = work(request, **where)
            except Refusal as refusal:
                return _refused(refusal, form)
            return _told(rows, form, root, item, 201 if method == "POST" else 200)

        answer.for_machines = True  # type: ignore[attr-defined]
        return answer

    return made


def _refused(refusal: Refusal, form: str) -> HttpResponse:
    status = {401: 403, 422: 400}.get(refusal.status, refusal.status)
    fields: Mapping[str, list[str]] = getattr(refusal, "fields", None) or {}
    said = [f"{name} {''.join(told)}".strip() for name, told in fields.items()] or [str(refusal)]
    return _told([{"code": status, "description": each} for each in said], form, "errors", "error", status)


def _told(rows: Rows, form: str, root: str, item: str, status: int) -> HttpResponse:
    if form == "json":
        return HttpResponse(msgspec.json.encode(rows), content_type="application/json; charset=utf-8", status=status)
    top = ElementTree.Element(root)
    for row in rows:
        _element(top, item, row)
    text = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return HttpResponse(text, content_type="text/xml; charset=utf-8", status=status)


def _element(parent: ElementTree.Element, name: str, value: Any) -> None:
    node = ElementTree.SubElement(parent, name)
    if isinstance(value, Mapping):
        for key, each in value.items():
            _element(node, key, each)
    elif isinstance(value, list):
        for each in value:
            _element(node, INSIDE.get(name, "item"), each)
    elif value is not None:
        node.text = str(value).lower() if isinstance(value, bool) else str(value)


# -- services ----------------------------------------------------------------------------------------------


def _public() -> Any:
    return Category.objects.filter(active=True, public=True, parent__isnull=False).select_related("parent")


@_door("GET", "services", "service")
def services(request: HttpRequest) -> Rows:
    """What can be reported (服务目录): the public categories."""
    return [
        {
            "service_code": row.code, "service_name": row.name, "description": row.full_name,
            "metadata": bool(row.questions), "type": "realtime", "keywords": ",".join(row.aliases[:10]),
            "group": row.parent.name,
        }
        for row in _public().order_by("code")
    ]  # fmt: skip


@_door("GET", "service_definitions", "service_definition")
def definition(request: HttpRequest, code: str) -> Rows:
    """What a service asks besides (服务定义): the questions of the category."""
    row = _service(code)
    attributes = [
        {
            "variable": True, "code": each["key"], "datatype": "singlevaluelist" if each.get("choices") else "string",
            "required": False, "datatype_description": "", "order": n, "description": each["text"],
            "values": [{"key": choice, "name": choice} for choice in each.get("choices", [])],
        }
        for n, each in enumerate(row.questions, 1)
    ]  # fmt: skip
    return [{"service_code": row.code, "attributes": attributes}]


def _service(code: str) -> Category:
    found: Category | None = _public().filter(code=code).first()
    if found is None:
        raise NotFound("没有这项服务。", remedy="请从服务目录中选择 service_code。", code="open311.no_service")
    return found


# -- requests ----------------------------------------------------------------------------------------------


@csrf_exempt
@open_to_all("public data of Open311; a report needs a key", clause=clause)
def requests(request: HttpRequest, form: str) -> HttpResponse:
    """Read requests, or report one."""
    view = report if request.method == "POST" else listed
    return view(request, form=form)  # type: ignore[no-any-return]


DISCOVERED = "2026-11-26T00:00:00+08:00"
"""When the description below last changed."""


@_door("GET", "discovery", "discovery")
def discovery(request: HttpRequest) -> Rows:
    """Where everything is (服务发现): the one address a tool has to know."""
    root = request.build_absolute_uri("/api/open311/v2")
    return [
        {
            "changeset": DISCOVERED, "contact": "请致电 12345", "key_service": request.build_absolute_uri("/c/privacy/"),
            "endpoints": [
                {
                    "specification": "http://wiki.open311.org/GeoReport_v2", "url": root, "changeset": DISCOVERED,
                    "type": "production", "formats": ["application/json", "text/xml"],
                }
            ],
        }
    ]  # fmt: skip


# -- tokens: a report that is taken up later -------------------------------------------------------------

SALT = "hezhi.open311"


def token_for(number: str) -> str:
    """The token of a request (受理凭证): it says its number to whoever holds it, and to nobody who guesses."""
    return f"{number}.{salted_hmac(SALT, number, algorithm='sha256').hexdigest()[:24]}"


@_door("GET", "service_requests", "request")
def by_token(request: HttpRequest, token: str) -> Rows:
    """The number of a request from its token."""
    number, _, told = token.partition(".")
    if not same(f"{number}.{told}", token_for(number)) or not Case.objects.filter(number=number).exists():
        raise NotFound("没有这个凭证。", remedy="请核对 token。", code="open311.no_token")
    return [{"service_request_id": number, "token": token}]


@_door("POST", "service_requests", "request")
def report(request: HttpRequest) -> Rows:
    """Report (上报), with a key: the number comes back at once."""
    by = _caller(request)
    given = request.POST
    service = _service(given.get("service_code", ""))
    lat, lon = _degrees(given, "lat"), _degrees(given, "long")
    place = given.get("address_string", "")
    if (lat is None or lon is None) and not place:
        raise BadInput({"lat": ["请给出 lat 和 long，或 address_string。"]})
    named = {each["key"]: each["text"] for each in service.questions}
    answers = {
        named.get(key[10:-1], key[10:-1])[:60]: str(value)[:200]
        for key, value in given.items() if key.startswith("attribute[") and key.endswith("]") and value
    }  # fmt: skip
    name = f"{given.get('last_name', '')}{given.get('first_name', '')}"
    receipt = take_in(
        Message(
            source=by.source, text=given.get("description", ""), category=service.code, place=place, lon=lon, lat=lat,
            crs="EPSG:4326" if lon is not None else "", answers=answers, name=name, phone=given.get("phone", ""),
            anonymous=not (name or given.get("phone")), wants_answer=bool(given.get("phone")),
        ),
        by=by,
    )  # fmt: skip
    if given.get("answer") == "token":
        return [
            {"token": token_for(receipt.number), "service_notice": "已收到，请凭 token 查询编号。", "account_id": None}
        ]
    return [{"service_request_id": receipt.number, "service_notice": "已收到，请凭编号查询进度。", "account_id": None}]


def _caller(request: HttpRequest) -> KeyActor:
    """Who reports: the key in `api_key`, as the standard has it, or in the header as elsewhere here."""
    key = request.POST.get("api_key", "")
    if key and "Authorization" not in request.headers:
        request.META["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        request.__dict__.pop("headers", None)
    if "Authorization" not in request.headers:
        raise UnknownKey
    by = authenticate(request)
    if not by.may(WRITE_SCOPE):
        raise OutOfScope(meaning=f"需要的权限：{WRITE_SCOPE}")
    return by


def _degrees(given: Mapping[str, str], name: str) -> float | None:
    text = given.get(name, "")
    try:
        return float(text) if text else None
    except ValueError:
        raise BadInput({name: ["不是有效的经纬度。"]}) from None


def _shown() -> Any:
    return queries.public_cases()


@_door("GET", "service_requests", "request")
def listed(request: HttpRequest) -> Rows:
    """Requests of at most ninety days (查询), newest first, a thousand at the most."""
    asked = request.GET
    rows = _shown()
    if asked.get("service_request_id"):
        rows = rows.filter(number__in=asked["service_request_id"].split(",")[:MOST])
    else:
        first, last = _span(asked)
        rows = rows.filter(received_at__gte=first, received_at__lt=last)
    if asked.get("service_code"):
        rows = rows.filter(category__code__in=asked["service_code"].split(","))
    wanted = set(asked.get("status", "open,closed").split(","))
    if wanted == {"open"}:
        rows = rows.exclude(state__in=ENDED)
    elif wanted == {"closed"}:
        rows = rows.filter(state__in=ENDED)
    elif not wanted <= {"open", "closed"}:
        raise BadInput({"status": ["只有 open 和 closed。"]})
    return _lines(rows.order_by("-received_at", "-id")[:MOST])


def _span(asked: Mapping[str, str]) -> tuple[datetime, datetime]:
    last = _moment(asked, "end_date") or time.now()
    first = _moment(asked, "start_date") or last - timedelta(days=DAYS)
    if not timedelta(0) < last - first <= timedelta(days=DAYS):
        raise BadInput({"start_date": [f"起止须先后有序，一次最多 {DAYS} 天。"]})
    return first, last


def _moment(asked: Mapping[str, str], name: str) -> datetime | None:
    text = asked.get(name, "").replace(" ", "+")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput({name: ["请写成 2026-03-05T09:30:00+08:00。"]}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=time.SHANGHAI)


@_door("GET", "service_requests", "request")
def one(request: HttpRequest, number: str) -> Rows:
    """One request by its number; a secret one, or one not public, is not there."""
    found = _lines(_shown().filter(number=number)[:1])
    if not found:
        raise NotFound("没有这个编号。", remedy="请核对编号。", code="open311.no_request")
    return found


def _lines(rows: Iterable[Case]) -> Rows:
    return [
        {
            "service_request_id": case.number, "status": "closed" if case.state in ENDED else "open",
            "status_notes": PUBLIC_STATES[case.state], "service_name": case.category.name if case.category else "",
            "service_code": case.category.code if case.category else "", "description": None,
            "agency_responsible": case.lead_unit.name if case.lead_unit else None, "service_notice": None,
            "requested_datetime": _iso(case.received_at), "updated_datetime": _iso(case.state_since),
            "expected_datetime": _iso(case.due_at), "address": "".join(a.name for a in (case.town, case.community) if a),
            "lat": point[1] if point else None, "long": point[0] if point else None, "media_url": None,
        }
        for case in rows
        for point in [queries.blurred(case)]
    ]  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return time.local(moment).isoformat(timespec="seconds") if moment else None


urlpatterns = [
    path("discovery.<str:form>", discovery, name="open311-discovery"),
    path("tokens/<str:token>.<str:form>", by_token, name="open311-token"),
    path("services.<str:form>", services, name="open311-services"),
    path("services/<slug:code>.<str:form>", definition, name="open311-service"),
    path("requests.<str:form>", requests, name="open311-requests"),
    path("requests/<slug:number>.<str:form>", one, name="open311-request"),
]
requests.for_machines = True  # type: ignore[attr-defined]
