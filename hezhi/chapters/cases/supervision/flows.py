"""The life of a supervised matter and of one unit's part in it, as data (督办流程, 9.1.2-3)."""

from hezhi.engines.flow.rules.life_cycle import STAY, Field, LifeCycle, State, Verb

clause = "9.1.2-3"

OPEN, WAITING, CLOSED = "open", "waiting", "closed"
LIVING = ("open", "to_review")
LEAD, ANSWER, INSTRUCT = "supervision.lead", "supervision.answer", "supervision.instruct"

UNITS = Field("units", "承办单位", kind="units", required=True)
DAYS = Field("days", "反馈时限（工作日）", kind="number", required=True)

SUPERVISION = LifeCycle(
    code="supervision",
    name="督办事项",
    version=1,
    start="open",
    states=(
        State("open", "督办中", OPEN),
        State("to_review", "待审核", WAITING),
        State("closed", "已销号", CLOSED),
        State("cancelled", "已撤销", CLOSED),
    ),
    verbs=(
        Verb("opinion", "批示意见", LIVING, STAY, right=INSTRUCT, who=("区领导",), tells=("supervision.opinion",),
             form=(Field("text", "批示意见", required=True),)),
        Verb("note", "督办记录", LIVING, STAY, right=LEAD, who=("督查员",), form=(Field("text", "督办情况", required=True),)),
        Verb("call", "登记通话", LIVING, STAY, right=LEAD, who=("督查员",),
             form=(Field("unit", "通话单位", kind="unit", required=True), Field("text", "通话情况", required=True))),
        Verb("climb", "升级督办", LIVING, STAY, right=LEAD, who=("督查员",), tells=("supervision.climbed",),
             form=(Field("text", "升级理由", required=True),)),
        Verb("add_unit", "加派单位", LIVING, "open", right=LEAD, who=("督查员",), tells=("supervision.assigned",),
             form=(UNITS, Field("request", "办理要求"))),
        Verb("work", "承办反馈", LIVING, "derived", among=LIVING, right=ANSWER, who=("承办经办人", "镇街派遣员")),
        Verb("close", "销号", LIVING, "closed", right=LEAD, who=("督查员",), guards=("not_own_unit",), stops=("answer",),
             form=(Field("text", "督办结论", required=True),)),
        Verb("cancel", "撤销督办", LIVING, "cancelled", right=LEAD, who=("督查员",), guards=("not_own_unit",),
             stops=("answer",), form=(Field("text", "撤销理由", required=True),)),
    ),
)  # fmt: skip

AT_WORK = ("to_sign", "handling")

PART = LifeCycle(
    code="supervision_part",
    name="督办承办单",
    version=1,
    start="to_sign",
    states=(
        State("to_sign", "待签收", WAITING),
        State("handling", "办理中", OPEN),
        State("to_review", "待审核", WAITING),
        State("done", "已认可", CLOSED),
        State("released", "已解除", CLOSED),
    ),
    verbs=(
        Verb("sign", "签收", ("to_sign",), "handling", right=ANSWER, who=("承办经办人", "镇街派遣员"), limit="answer",
             form=(Field("text", "办理意见"),)),
        Verb("answer", "反馈", AT_WORK, "to_review", right=ANSWER, who=("承办经办人", "镇街派遣员"),
             tells=("supervision.answered",), form=(Field("text", "落实情况", required=True),)),
        Verb("ask_extension", "申请延期", AT_WORK, STAY, right=ANSWER, who=("承办经办人", "镇街派遣员"), approval=LEAD,
             form=(DAYS, Field("reason", "延期理由", required=True))),
        Verb("ask_resource", "申请支援", AT_WORK, STAY, right=ANSWER, who=("承办经办人", "镇街派遣员"), approval=LEAD,
             form=(Field("reason", "需要协调的人员、设备或单位", required=True),)),
        Verb("accept", "认可", ("to_review",), "done", right=LEAD, who=("督查员",), guards=("not_own_unit",),
             stops=("answer",), form=(Field("text", "审核意见"),)),
        Verb("send_back", "退回重报", ("to_review",), "handling", right=LEAD, who=("督查员",), guards=("not_own_unit",),
             tells=("supervision.sent_back",), form=(Field("reason", "退回理由", required=True),)),
        Verb("release", "解除", ("to_sign", "handling", "to_review"), "released", right=LEAD, who=("督查员",),
             guards=("not_own_unit",), stops=("answer",), form=(Field("reason", "解除理由", required=True),)),
    ),
)  # fmt: skip
