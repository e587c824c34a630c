"""What goes in and out of the machine door (接口报文): typed, strict, and the source of their description.

An unknown field is refused, because a misspelt one would be lost silently. `null` means «not given».
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hezhi.chapters.cases.intake.api import Message
from hezhi.ground.text import one_line

NUMBER = r"^[^\s/?#%\\\u0000-\u001f\u007f-\u009f]+$"
"""An outside number stands in addresses, so it has no gap, slash, question mark, hash or percent sign."""
MOST_NUMBER = 60

Number = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MOST_NUMBER,
        pattern=NUMBER,
        description="来源平台的编号，同一平台内唯一；不含空格和 / ? # % \\",
    ),
]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339，须带时区，例如 2026-03-05T09:30:00+08:00")]
Crs = Literal["EPSG:4326", "EPSG:4490", "GCJ-02", "BD-09"]
Short = Annotated[str, Meta(max_length=200)]


class Report(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """诉求上报：标题和内容至少填一项；有经纬度时须注明坐标系。"""

    outside_number: Number
    title: Annotated[str | None, Meta(description="标题，超过 120 字的部分截去；不填取内容第一句")] = None
    text: Annotated[str | None, Meta(description="内容，最多 5000 字")] = None
    place: Annotated[str | None, Meta(description="事发地点，最多 200 字")] = None
    lon: Annotated[float | None, Meta(description="经度，十进制度数")] = None
    lat: Annotated[float | None, Meta(description="纬度，十进制度数")] = None
    crs: Annotated[Crs | None, Meta(description="坐标系；有经纬度时必填，系统不猜测")] = None
    occurred_at: Annotated[Moment | None, Meta(description="发生时间")] = None
    received_at: Annotated[
        Moment | None, Meta(description="来源平台接到诉求的时间，时限从此起算；不填为本系统收到的时间")
    ] = None
    category: Annotated[
        Annotated[str, Meta(max_length=40)] | None,
        Meta(
            description="类别代码，见 /api/v1/report-categories/，或约定的编码体系（对照后归入本系统类别）；不认识的由受理员选定"
        ),
    ] = None
    category_name: Annotated[Short | None, Meta(description="来源平台自己的类别名称，供受理员参考")] = None
    urgency: Annotated[
        Literal["critical", "urgent", "normal"] | None, Meta(description="特急、紧急、一般；不填按类别默认")
    ] = None
    appeal: Annotated[
        Literal["consult", "help", "complaint", "report", "proposal", "praise", "other"] | None,
        Meta(description="咨询、求助、投诉、举报、建议、表扬、其他；不填为求助"),
    ] = None
    answers: Annotated[
        dict[Annotated[str, Meta(max_length=60)], Short] | None, Meta(description="补充询问的答复，最多 30 项")
    ] = None
    name: Annotated[str | None, Meta(description="诉求人姓名，加密保存")] = None
    phone: Annotated[str | None, Meta(description="联系电话，须为完整号码，加密保存")] = None
    address: Annotated[Short | None, Meta(description="诉求人住址，加密保存；不是事发地点")] = None
    anonymous: Annotated[bool | None, Meta(description="匿名")] = None
    wants_answer: Annotated[bool | None, Meta(description="是否需要答复；不填为需要")] = None
    secret: Annotated[bool | None, Meta(description="诉求人要求保密：全文封存，只有受理员和值班长能看")] = None
    outside_due_at: Annotated[Moment | None, Meta(description="来源平台的办结时限，与本系统时限并列保存")] = None
    platform_reference: Annotated[Short | None, Meta(description="来源平台对原帖的标识或链接")] = None

    def message(self, *, source: str, channel: str) -> Message:
        """The body as a message of intake; what is wrong with it, intake itself tells."""
        answers = {one_line(question): one_line(answer) for question, answer in (self.answers or {}).items()}
        if self.category_name or self.category:
            answers["来源类别"] = one_line(self.category_name or self.category or "")
        return Message(
            source=source,
            title=self.title or "",
            text=self.text or "",
            place=self.place or "",
            lon=self.lon,
            lat=self.lat,
            crs=self.crs or "",
            occurred_at=self.occurred_at,
            received_at=self.received_at,
            category=one_line(self.category or ""),
            urgency=self.urgency or "",
            appeal=self.appeal or "help",
            answers=answers,
            name=self.name or "",
            phone=self.phone or "",
            address=one_line(self.address or ""),
            anonymous=bool(self.anonymous),
            wants_answer=self.wants_answer is not False,
            secret=bool(self.secret),
            outside_channel=channel,
            outside_number=self.outside_number,
            outside_due_at=self.outside_due_at,
            platform_reference=one_line(self.platform_reference or ""),
        )


class Supplement(msgspec.Struct, forbid_unknown_fields=True):
    """补充内容。"""

    text: Annotated[str, Meta(min_length=1, max_length=5000, description="补充的内容")]


class Change(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """来源平台的结论和时限；没有写的项不变，时限写 null 为取消。"""

    verdict: Annotated[
        Annotated[str, Meta(max_length=60)] | msgspec.UnsetType, Meta(description="来源平台的结论，空字符串为撤回")
    ] = msgspec.UNSET
    outside_due_at: Annotated[Moment | msgspec.UnsetType | None, Meta(description="来源平台的办结时限")] = msgspec.UNSET


class Receipt(msgspec.Struct, kw_only=True):
    """上报回执。"""

    number: Annotated[str, Meta(description="本系统的事件编号")]
    outside_number: str
    state: str
    state_name: Annotated[str, Meta(description="状态，对外的说法")]
    area: Annotated[str, Meta(description="归入的网格或推测的区域")]
    new: Annotated[bool, Meta(description="是否新立；false 表示这个编号先前已经收到")]


class PublicStep(msgspec.Struct, kw_only=True):
    """一步办理过程，可以告诉诉求人的部分。"""

    at: datetime
    title: str
    text: str


class Status(msgspec.Struct, kw_only=True):
    """办理进度。保密件只有编号、状态和时间。"""

    number: str
    outside_number: str
    state: str
    state_name: str
    received_at: datetime
    due_at: Annotated[datetime | None, Meta(description="本系统的时限；暂停计时或已结束时为空")]
    closed_at: datetime | None
    outside_due_at: datetime | None
    outside_verdict: str
    category: str
    unit: Annotated[str, Meta(description="主办单位")]
    reply: Annotated[str, Meta(description="给诉求人的答复")]
    replied_at: datetime | None
    files: Annotated[int, Meta(description="已收到的附件数")]
    steps: list[PublicStep]


class Kept(msgspec.Struct, kw_only=True):
    """附件回执。"""

    n: int
    name: str
    size: Annotated[int, Meta(description="保存的字节数；图片重新编码，不含拍摄位置")]


class Kind(msgspec.Struct, kw_only=True):
    """一个事件类别。"""

    code: str
    name: str
    full_name: str
    parent: Annotated[str, Meta(description="上级类别代码；一级为空")]


class Kinds(msgspec.Struct, kw_only=True):
    """启用的事件类别。"""

    items: list[Kind]


class FactItem(msgspec.Struct, kw_only=True):
    """一件事件一轮办理的环节事实：代码、时间和次数，没有文字内容，没有个人。时间取整到小时，时长为工作时间的秒数、取整到分钟。"""

    case: Annotated[str, Meta(description="事件的对外标识，始终不变，不是编号")]
    round: Annotated[int, Meta(description="办理轮次，重办加一")]
    kind: str
    source: str
    urgency: str
    appeal: str
    category_path: Annotated[str, Meta(description="类别路径，各级代码以 / 相连")]
    town: Annotated[str, Meta(description="镇街代码")]
    community: str
    grid: Annotated[str, Meta(description="网格代码；密钥没有 facts.grid 权限的为空")]
    unit: Annotated[str, Meta(description="主办单位代码")]
    received_at: datetime
    accepted_at: datetime | None
    dispatched_at: datetime | None
    signed_at: datetime | None
    handled_at: datetime | None
    checked_at: datetime | None
    ended_at: datetime | None
    close_due: Annotated[datetime | None, Meta(description="应结案时间")]
    rated_at: datetime | None
    outcome: Annotated[str, Meta(description="closed、redone、not_accepted，办理中为空")]
    satisfied: bool | None
    dispatches: int
    returns: int
    extensions: int
    holds: int
    send_backs: int
    urged: int
    on_the_spot: bool
    answered_directly: bool
    work_accept: int | None
    work_dispatch: int | None
    work_sign: int | None
    work_handle: int | None
    work_check: int | None
    work_total: int | None


class Facts(msgspec.Struct, kw_only=True):
    """一页环节事实：items 以事件和轮次为键覆盖写入，withdrawn 中的事件应从仓库删除。"""

    items: list[FactItem]
    withdrawn: Annotated[
        list[str], Meta(description="不再计入的事件 id：转为保密件、作废、移出密钥的取数范围或尚无事实")
    ]
    next: Annotated[int, Meta(description="下一次请求的 after")]
    more: Annotated[bool, Meta(description="后面还有，请接着取")]
