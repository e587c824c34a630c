"""What a platform does at the machine door after it has brought a matter (来源平台往来, 9.1.2-1): it answers what we ask
for, tells its call-back and redo, and compares its list with ours."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import Meta

from hezhi.channels.open_api.bodies import Moment, Number
from hezhi.channels.open_api.reading import read
from hezhi.channels.open_api.rest import as_json, own
from hezhi.chapters.cases.platform.api import (
    Difference,
    Platform,
    Request,
    Sheet,
    Theirs,
    answer,
    check,
    follow_up,
    ours,
)
from hezhi.engines.connect.api import KeyActor
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.masks import mask_text

clause = "9.1.2-1"
Words = Annotated[str, Meta(max_length=5000)]
MOST_ITEMS = 1000
"""A list in one request; 256 KB hold about as many. More comes day by day or as a sheet."""


class Asked(msgspec.Struct, kw_only=True):
    """一份待来源平台确认的申请。保密件没有理由。"""

    id: UUID
    kind: Annotated[str, Meta(description="return 退单、extension 延期、close 办结")]
    state: Annotated[str, Meta(description="waiting 待确认、granted 已同意、refused 不同意、withdrawn 已撤回")]
    state_name: str
    reason: str
    until: Annotated[datetime | None, Meta(description="申请延至")]
    asked_at: datetime
    answered_at: datetime | None


class AskedList(msgspec.Struct, kw_only=True):
    """对这件事的申请，新的在前。"""

    items: list[Asked]


class Decision(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """来源平台的答复。"""

    decision: Annotated[Literal["granted", "refused"], Meta(description="同意、不同意")]
    text: Annotated[str, Meta(max_length=500, description="平台意见；不同意时必填")] = ""
    outside_due_at: Annotated[Moment | None, Meta(description="同意延期时平台的新时限；不填为申请的时间")] = None


class After(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """来源平台的回访或重办。"""

    kind: Annotated[Literal["call_back", "redo"], Meta(description="回访、重办")]
    outside_number: Annotated[Number | None, Meta(description="平台为重办另给的编号，今后按它也能查到首件")] = None
    solved: Annotated[bool | None, Meta(description="是否解决；回访必填")] = None
    satisfied: Annotated[bool | None, Meta(description="是否满意")] = None
    text: Annotated[str, Meta(max_length=1000, description="说明；重办或未解决时必填")] = ""
    outside_due_at: Annotated[Moment | None, Meta(description="平台的新时限")] = None


class Followed(msgspec.Struct, kw_only=True):
    """回访或重办的回执。"""

    number: str
    did: Annotated[str, Meta(description="本系统据此做了什么")]


class Item(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """平台清单中的一件；没有写的项不核对。"""

    outside_number: Number
    state: Annotated[str, Meta(max_length=60, description="平台的状态用语")] = ""
    outside_due_at: Annotated[Moment | None, Meta(description="平台时限")] = None
    reply: Annotated[Words | None, Meta(description="平台上的答复")] = None
    title: Annotated[str, Meta(max_length=120, description="标题，供漏收时补收")] = ""
    text: Annotated[str, Meta(max_length=5000, description="内容，供漏收时补收")] = ""
    secret: Annotated[bool, Meta(description="要求保密")] = False


class List(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """平台清单：某些日子收到的全部事项。"""

    first: Annotated[date, Meta(description="收到日期自")]
    last: Annotated[date, Meta(description="收到日期至，含当日；与起始日最多相隔 30 天")]
    items: Annotated[list[Item], Meta(max_length=MOST_ITEMS)]


class Differs(msgspec.Struct, kw_only=True):
    """一处差异。"""

    kind: Annotated[str, Meta(description="missing_here 本系统缺件、missing_there 平台缺件、state、deadline、reply")]
    outside_number: str
    number: str
    ours: str
    theirs: str


class Checked(msgspec.Struct, kw_only=True):
    """对账结果。"""

    id: UUID
    ours: int
    theirs: int
    same: int
    differences: list[Differs]


class OurItem(msgspec.Struct, kw_only=True):
    """本系统清单中的一件。"""

    outside_number: str
    number: str
    state: str
    state_name: str
    outside_due_at: datetime | None
    reply: str


class OurList(msgspec.Struct, kw_only=True):
    """本系统清单；保密件只计件数。"""

    items: list[OurItem]
    secret: Annotated[int, Meta(description="另有保密件多少件，不列出")]


# -- operations ------------------------------------------------------------------------------------


def requests(request: HttpRequest, by: KeyActor, outside_number: str) -> HttpResponse:
    """What we ask the platform for about this matter (待来源平台确认)."""
    case = own(by, outside_number)
    rows = Request.objects.filter(case=case, platform__code=by.system)
    return as_json(AskedList(items=[_asked(row, secret=case.secret) for row in rows]))


def answer_request(request: HttpRequest, by: KeyActor, outside_number: str, request_id: UUID) -> HttpResponse:
    """The platform's yes or no (平台答复)."""
    given = read(request, Decision)
    case = own(by, outside_number)
    if not Request.objects.filter(pk=request_id, case=case).exists():
        raise NotFound("没有找到这份申请", code="platform.no_request")
    row = answer(
        request_id, by=by, grant=given.decision == "granted", text=given.text, new_due_at=given.outside_due_at,
        system=by.system,
    )  # fmt: skip
    return as_json(_asked(row, secret=case.secret))


def _asked(row: Request, *, secret: bool) -> Asked:
    return Asked(
        id=row.pk, kind=row.kind, state=row.state, state_name=row.get_state_display(),
        reason="" if secret else mask_text(row.reason), until=row.until, asked_at=row.asked_at, answered_at=row.answered_at,
    )  # fmt: skip


def follow(request: HttpRequest, by: KeyActor, outside_number: str) -> HttpResponse:
    """The platform's call-back or redo, linked to the first order (平台回访、平台重办)."""
    given = read(request, After)
    case = own(by, outside_number)
    row = follow_up(
        case.pk, by=by, kind=given.kind, outside_number=given.outside_number or "", solved=given.solved,
        satisfied=given.satisfied, text=given.text, due_at=given.outside_due_at,
    )  # fmt: skip
    return as_json(Followed(number=case.number, did=row.did), 201)


def _platform(by: KeyActor) -> Platform:
    found = Platform.objects.filter(code=by.system, active=True).first()
    if found is None:
        raise NotFound("本系统还没有维护您的平台", "不能对账", "请联系系统管理员", code="platform.none")
    return found


def our_list(request: HttpRequest, by: KeyActor) -> HttpResponse:
    """Our list of some days (本系统清单), secret cases counted and not listed."""
    first, last = _day(request, "first"), _day(request, "last")
    if not timedelta(0) <= last - first < timedelta(days=31):
        raise BadInput({"last": ["起止日期须先后有序，一次最多 31 天。"]})
    rows = ours(_platform(by), first, last, [])
    items = [
        OurItem(
            outside_number=row.key, number=row.number, state=row.state, state_name=row.state_name,
            outside_due_at=row.due_at, reply=mask_text(row.reply),
        )
        for row in rows if not row.secret
    ]  # fmt: skip
    return as_json(OurList(items=items, secret=len(rows) - len(items)))


def _day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        raise BadInput({name: ["请填写日期，如 2026-03-05。"]}) from None


def check_list(request: HttpRequest, by: KeyActor) -> HttpResponse:
    """Compare the platform's list with ours (对账); differences wait for an officer and are told back."""
    given = read(request, List)
    theirs = [
        Theirs(each.outside_number, each.state, each.outside_due_at, each.reply, each.title, each.text, each.secret)
        for each in given.items
    ]
    sheet = check(_platform(by), by=by, first=given.first, last=given.last, theirs=theirs, way=Sheet.Way.INTERFACE)
    rows = Difference.objects.filter(sheet=sheet).select_related("case")
    found = [
        Differs(
            kind=row.kind, outside_number="" if row.case and row.case.secret else row.outside_number,
            number=row.case.number if row.case else "", ours=mask_text(row.ours), theirs=mask_text(row.theirs),
        )
        for row in rows
    ]  # fmt: skip
    return as_json(Checked(id=sheet.pk, ours=sheet.ours, theirs=sheet.theirs, same=sheet.same, differences=found), 201)


# -- their description -----------------------------------------------------------------------------

SHAPES = {
    "Asked": "MachineRequest", "AskedList": "MachineRequests", "Decision": "MachineDecision", "After": "MachineFollowUp",
    "Followed": "MachineFollowed", "Item": "MachineListItem", "List": "MachineList", "Differs": "MachineDifference",
    "Checked": "MachineChecked", "OurItem": "MachineOurItem", "OurList": "MachineOurList",
}  # fmt: skip
"""The shapes of these bodies, under names of their own in the description."""
