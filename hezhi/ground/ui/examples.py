"""Example data of the style page (样例数据): invented, and read as such."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms

from hezhi.ground.time import at_local, now, today
from hezhi.ground.ui import shapes as s
from hezhi.ground.ui.fields import ManyFiles
from hezhi.ground.ui.templatetags.ui import due, state_badge, when

STATES = [
    ("to_accept", "待受理"),
    ("to_supplement", "待补充"),
    ("to_dispatch", "待派遣"),
    ("to_sign", "待签收"),
    ("handling", "处置中"),
    ("on_hold", "挂起"),
    ("to_review", "待审核"),
    ("to_call_back", "待回访"),
    ("redo", "重办"),
    ("closed", "已办结"),
    ("not_accepted", "不予受理"),
    ("merged", "并入"),
    ("void", "作废"),
]
SUBJECTS = [
    ("安远路社区第3网格邻里漏水纠纷", "矛盾纠纷", "12345热线", "珠海街道", "住房和城乡建设局"),
    ("湘子门社区第2网格夜间施工噪声", "噪声扰民", "网格上报", "滨海街道", "综合行政执法局"),
    ("前小口子社区第2网格路灯不亮", "公共设施", "市民通", "滨海街道", "城市管理局"),
    ("杜鹃山路社区第3网格占道经营影响通行", "市容环境", "12345热线", "薛家岛街道", "综合行政执法局"),
    ("山张村第1网格井盖缺失", "公共设施", "网络媒体", "张家楼街道", "城市管理局"),
    ("承恩门社区第1网格电梯停运报修", "物业服务", "来访窗口", "灵山卫街道", "住房和城乡建设局"),
    ("车轮山村第3网格垃圾清运不及时", "市容环境", "网格上报", "琅琊镇", "琅琊镇人民政府"),
    ("刘公岛路社区第3网格充电桩占用消防通道", "安全隐患", "上级交办", "黄岛街道", "消防救援大队"),
]
DAYS = 14


def shell(**more: Any) -> s.Shell:
    """The shell of an invented duty officer."""
    values: dict[str, Any] = {
        "system_name": "社会治理数字化系统",
        "unit_name": "区社会治理中心",
        "user_name": "王海燕",
        "account": "example-account",
        "posts": [s.Post("值班长", active=True), s.Post("受理员", "#")],
        "todo_count": 12,
        "unread_count": 3,
        "todo_url": "#",
        "inbox_url": "#",
        "search_url": "#",
        "account_url": "#",
        "logout_url": "#",
        "feedback_url": "#",
        "elder_url": "#",
        "menu": menu(),
    }
    return s.Shell(**{**values, **more})


def larger(given: s.Shell) -> s.Shell:
    """The same shell in the large view (长辈版)."""
    return replace(given, elder=True)


def menu() -> list[s.MenuGroup]:
    item = s.MenuItem
    return [
        s.MenuGroup("工作台", [item("我的待办", "#", count=12), item("站内消息", "#", count=3)]),
        s.MenuGroup("统一指挥", [item("指挥大屏", "#"), item("预案与指令", "#")], "9.1.1"),
        s.MenuGroup(
            "事件流转处置",
            [
                item("事件管理", "#", active=True),
                item("受理派遣台", "#", count=8),
                item("承办单", "#", count=4),
                item("审批", "#"),
                item("回访", "#"),
                item("批量导入", "#"),
            ],
            "9.1.2",
        ),
        s.MenuGroup("基层治理", [item("网格标绘", "#"), item("网格力量", "#"), item("基础信息", "#")], "9.1.3"),
        s.MenuGroup("系统管理", [item("单位", "#"), item("岗位", "#"), item("人员", "#"), item("时限日历", "#")], "10"),
    ]


def listing(rows: int = 50, total: int = 3000) -> s.Listing:
    """A page of cases with every state, filters, chips, views and bulk actions."""
    return s.Listing(
        name="事件管理",
        columns=[
            s.Column("编号", "code"),
            s.Column("标题", "title"),
            s.Column("类别"),
            s.Column("来源"),
            s.Column("镇街 / 网格"),
            s.Column("承办单位"),
            s.Column("上报时间", "time", "?sort=-at", "down"),
            s.Column("时限", "time", "?sort=due"),
            s.Column("状态", "state"),
        ],
        rows=[_row(i) for i in range(rows)],
        empty=s.Empty("没有符合条件的事件。可以放宽时间或状态，也可以直接登记。", "登记事件", "#"),
        filters=_filters(),
        filtered=True,
        clear_url="?",
        hidden=[("sort", "-at")],
        query="town=滨海街道",
        chips=[
            s.Chip("全部", total, "?", active=True),
            s.Chip("待受理", 243, "?state=to_accept", "to_accept"),
            s.Chip("待派遣", 96, "?state=to_dispatch", "to_dispatch"),
            s.Chip("处置中", 877, "?state=handling", "handling"),
            s.Chip("待审核", 73, "?state=to_review", "to_review"),
            s.Chip("待回访", 184, "?state=to_call_back", "to_call_back"),
            s.Chip("已超期", 142, "?state=overdue", "overdue"),
        ],
        views=[
            s.SavedView("全部事件", "?", active=True),
            s.SavedView("本周重复诉求", "?view=1", shared=True),
            s.SavedView("我盯的事", "?view=2", delete_url="#"),
        ],
        save_view_url="#",
        column_choices=[
            s.ColumnChoice("number", "编号"),
            s.ColumnChoice("title", "标题"),
            s.ColumnChoice("category", "类别"),
            s.ColumnChoice("reporter", "诉求人", chosen=False),
        ],
        bulk_actions=[
            s.BulkAction("批量派遣", "#", "primary"),
            s.BulkAction("催办", "#"),
            s.BulkAction("导出所选", "#"),
            s.BulkAction("作废", "#", "danger", "作废后不再计时，需值班长审批。确定提交吗？"),
        ],
        pager=s.Pager("", "?after=50", f"第 1–{rows} 条，共 {total:,} 条"),
        total=total,
    )


def _row(i: int) -> s.Row:
    title, kind, source, town, unit = SUBJECTS[i % len(SUBJECTS)]
    code, name = STATES[(i * 5) % len(STATES)]
    at = now() - timedelta(minutes=7 * i + 3)
    url = f"#case-{i}"
    number = f"SJ{today():%y%m%d}{1559 - i:05d}"
    return s.Row(
        id=str(i),
        url=url,
        name=f"{number} {title}",
        tone="overdue" if i % 11 == 3 else "",
        cells=[
            s.Cell(number),
            s.Cell(title, url=url),
            s.Cell(kind),
            s.Cell(source),
            s.Cell(town, title.split("网格")[0] + "网格"),
            s.Cell(unit),
            s.Cell(_short(at)),
            s.Cell(_limit(i, code)),
            s.Cell(_badge(code, name)),
        ],
    )


def _short(at: datetime) -> Any:
    return when(at)


def _limit(i: int, code: str) -> Any:
    if code in {"not_accepted", "merged", "void"}:
        return due(None)
    hours = -6 if i % 11 == 3 else (2, 26, 72, 120)[i % 4]
    at = now() + timedelta(hours=hours, minutes=5 if hours > 0 else -5)
    return due(at, paused=code == "on_hold", done=now() if code == "closed" else None)


def _badge(code: str, name: str) -> Any:
    return state_badge(code, name)


def _filters() -> list[s.Filter]:
    def options(*names: str) -> list[s.Option]:
        return [s.Option("" if i == 0 else name, name) for i, name in enumerate(names)]

    return [
        s.Filter("q", "编号、标题或电话后四位", "search", placeholder="编号、标题、电话后四位"),
        s.Filter("source", "来源", options=options("全部来源", "12345热线", "网格上报", "市民通", "来访窗口")),
        s.Filter("town", "镇街", options=options("全部镇街", "滨海街道", "珠海街道", "琅琊镇")),
        s.Filter("category", "类别", options=options("全部类别", "市容环境", "公共设施", "安全隐患")),
        s.Filter("since", "上报自", "date"),
    ]


def facts() -> list[s.Fact]:
    return [
        s.Fact("编号", "SJ26112201480"),
        s.Fact("类别", "公共设施 / 道路照明"),
        s.Fact("来源", "市民通", "外部编号 SMT-20261122-0087"),
        s.Fact("网格", "滨海街道 前小口子社区第2网格"),
        s.Fact("主办", "城市管理局", "协办：滨海街道办事处"),
        s.Fact("时限", "2026-11-27 17:30", "5 个工作日，自次日起算"),
        s.Fact(
            "诉求内容",
            "前小口子社区东门至菜市场一段路灯已有四盏不亮，晚上接孩子放学看不清路，有老人摔过。希望尽快维修。",
            wide=True,
        ),
    ]


def timeline() -> list[s.TimelineItem]:
    at = now() - timedelta(hours=26)
    return [
        s.TimelineItem("上报", at, "市民通", "现场照片 2 张，定位约 12 米内，已归入网格。", files=[("现场1.jpg", "#"), ("现场2.jpg", "#")]),
        s.TimelineItem("受理", at + timedelta(minutes=12), "受理员 李敏", "核对类别与网格，200 米内未发现同类事件。"),
        s.TimelineItem(
            "派遣", at + timedelta(minutes=20), "派遣员 赵立", "主办城市管理局，协办滨海街道办事处。",
            changes=[s.Change("类别", "公共设施", "公共设施 / 道路照明")],
        ),
        s.TimelineItem("退回", at + timedelta(hours=3), "城市管理局 周强", "该段路灯由街道代管，建议改派。", "warn"),
        s.TimelineItem("值班长裁定", at + timedelta(hours=4), "值班长 王海燕", "依据三定方案由城市管理局主办，不再退回。", "note"),
        s.TimelineItem("反馈", at + timedelta(hours=25), "城市管理局 周强", "更换灯头四只，已全部亮灯。", "done", files=[("修复后.jpg", "#")]),
    ]  # fmt: skip


def actions() -> list[s.Action]:
    return [
        s.Action("打印", "#", icon="printer"),
        s.Action("催办", "/gallery/dialog-form", opens="dialog"),
        s.Action("延期", "/gallery/dialog-form", opens="dialog"),
        s.Action("退回", "#", disabled_reason="已由值班长裁定，不能再退回"),
        s.Action("作废", "#", "danger", "post", "作废后不再计时，需值班长审批。确定提交吗？"),
        s.Action("审签通过", "/gallery/dialog-form", "primary", "dialog", key="a"),
    ]


class CaseForm(forms.Form):
    """An invented registration form with each kind of field."""

    title = forms.CharField(label="标题", max_length=60, help_text="一句话说明在哪里、什么事。")
    source = forms.ChoiceField(label="来源", choices=[("", "请选择"), ("hotline", "12345热线"), ("visit", "来访窗口")])
    phone = forms.CharField(label="联系电话", required=False, help_text="仅用于回复诉求人，展示时自动脱敏。")
    when = forms.DateField(label="发生日期", widget=forms.DateInput(attrs={"type": "date"}))
    urgency = forms.ChoiceField(
        label="紧急程度", widget=forms.RadioSelect, choices=[("1", "一般"), ("2", "紧急"), ("3", "特急")], initial="1"
    )
    text = forms.CharField(label="诉求内容", widget=forms.Textarea(attrs={"rows": 4}))
    file = forms.FileField(label="附件", required=False, help_text="图片、PDF 或 Word，每个不超过 20 MB。")
    secret = forms.BooleanField(label="保密件：隐去诉求人信息后再派遣", required=False)


class DispatchForm(CaseForm):
    """The same with a long group of choices."""

    helpers = forms.MultipleChoiceField(
        label="协办单位", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(f"{town}街道", [(f"{town}{n}", f"{town}社区第{n}网格") for n in range(1, 9)]) for town in ("滨海", "山前", "河东")],
    )  # fmt: skip


def wrong_form(kind: type[CaseForm] = CaseForm) -> CaseForm:
    return kind({"title": "前小口子社区路灯不亮", "urgency": "1", "text": "", "source": "", "when": "2026-13-01"})


class LoginForm(forms.Form):
    login = forms.CharField(label="账号", widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(label="密码", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


class ReasonForm(forms.Form):
    reason = forms.CharField(label="办理意见", widget=forms.Textarea(attrs={"rows": 3}), help_text="将写入办理过程。")
    papers = forms.FileField(label="照片或附件", required=False, widget=ManyFiles)


class StepForm(forms.Form):
    """A step on a phone: words, a photo, and a reason that only one answer asks for."""

    reply = forms.CharField(label="办理情况", widget=forms.Textarea(attrs={"rows": 3}))
    after = forms.FileField(label="处置后照片", required=False, widget=forms.FileInput(attrs={"accept": "image/*"}))
    solved = forms.ChoiceField(label="是否解决", choices=[("yes", "是"), ("no", "否")], widget=forms.RadioSelect)
    reason = forms.CharField(
        label="未解决原因", required=False, widget=forms.TextInput(attrs={"data-must-if": "solved=no"})
    )


def problems() -> list[s.RowProblem]:
    return [
        s.RowProblem(12, "联系电话", "1380000123", "联系电话应为 11 位数字，现为 10 位。"),
        s.RowProblem(31, "类别", "路灯", "类别表中没有“路灯”，可填：道路照明、道路破损、井盖缺失。"),
        s.RowProblem(57, "发生时间", "2026-11-32", "日期不存在，请按 2026-11-22 的格式填写。"),
        s.RowProblem(88, "地点", "", "地点为空，可先导入，由受理员补充。", "warning"),
    ]


def steps(current: int) -> list[s.Step]:
    names = ["选择文件", "对应列", "预检", "写入"]
    return [
        s.Step(name, "done" if i < current else "current" if i == current else "later", "#")
        for i, name in enumerate(names)
    ]


def figures() -> list[s.Figure]:
    return [
        s.Figure("今日新增", "214", "件", "昨日同时 198 件", "#", code="new"),
        s.Figure("处置中", "903", "件", url="#", code="handling"),
        s.Figure("按时办结率", "96.4", "%", "本月，按工作日", "#", "good", "on_time"),
        s.Figure("已超期", "18", "件", "最长超 3 天", "#", "danger", "overdue"),
        s.Figure("满意率", "92.1", "%", "本月已回访 1,204 件", "#", code="satisfied"),
    ]


def bars() -> list[s.Bar]:
    values = {"隐珠街道": 500, "长江路街道": 420, "薛家岛街道": 313, "滨海街道": 261, "珠海街道": 242, "灵山卫街道": 208, "黄岛街道": 175, "辛安街道": 137}  # fmt: skip
    return [s.Bar(name, value, "#") for name, value in values.items()]


def trend() -> dict[str, Any]:
    start = at_local(today()) - timedelta(days=DAYS - 1)
    days = [f"{start + timedelta(days=i, hours=12):%m-%d}" for i in range(DAYS)]
    reported = [221, 226, 172, 190, 239, 217, 227, 195, 176, 176, 230, 198, 163, 207]
    closed = [216, 224, 155, 187, 231, 200, 225, 191, 160, 162, 224, 180, 166, 203]
    return {"days": days, "reported": reported, "closed": closed}


def phone_rows() -> list[dict[str, Any]]:
    return [
        {
            "name": title,
            "url": "#",
            "note": f"{town} · {kind} · {source}",
            "state_code": STATES[i][0],
            "state_name": STATES[i][1],
            "deadline": now() + timedelta(hours=(-7, 3, 26, 80)[i % 4]),
            "at": now() - timedelta(hours=3 * i + 1),
        }
        for i, (title, kind, source, town, _) in enumerate(SUBJECTS)
    ]


def phone_tabs(active: int = 0) -> list[s.Tab]:
    tabs = [("待办", "checklist", 5), ("上报", "camera", 0), ("我的上报", "file-text", 0), ("消息", "message", 2)]
    return [s.Tab(name, "#", i == active, count, icon) for i, (name, icon, count) in enumerate(tabs)]


KINDS = [(name, name) for name in ("市容环境", "公共设施", "道路交通", "安全隐患", "噪声扰民", "物业服务", "环境保护", "矛盾纠纷", "其他")]  # fmt: skip


def live_rows() -> list[dict[str, str]]:
    return [
        {"id": str(i), "at": f"09:{29 - i:02d}", "text": f"{town} {title}", "url": "#"}
        for i, (title, _, _, town, _) in enumerate(SUBJECTS)
    ]
