"""The life of a case and of a work order, as data (事件流程, 9.1.2-2).

Verbs, states and rights stand here in code, typed and reviewed; limits, categories, routing and words
are data that officers change. The tables are checked when the program starts.
"""

from hezhi.engines.flow.rules.life_cycle import STAY, Field, LifeCycle, State, Verb

clause = "9.1.2-2"

OPEN, WAITING, CLOSED = "open", "waiting", "closed"

STATES = (
    State("to_accept", "待受理", WAITING),
    State("to_supplement", "待补充", WAITING),
    State("to_dispatch", "待派遣", WAITING),
    State("to_sign", "待签收", OPEN),
    State("handling", "处置中", OPEN),
    State("on_hold", "挂起", WAITING),
    State("to_review", "待审核", OPEN),
    State("to_call_back", "待回访", WAITING),
    State("redo", "重办", WAITING),
    State("closed", "已办结", CLOSED),
    State("not_accepted", "不予受理", CLOSED),
    State("merged", "并入", CLOSED),
    State("void", "作废", CLOSED),
)

PUBLIC_STATES = {
    "to_accept": "已收到", "to_supplement": "请补充", "to_dispatch": "已受理", "to_sign": "已派单", "handling": "办理中",
    "on_hold": "暂缓办理", "to_review": "办理中", "to_call_back": "已答复", "redo": "重新办理", "closed": "已办结",
    "not_accepted": "不予受理", "merged": "合并办理", "void": "已作废",
}  # fmt: skip
"""The states in the words of somebody who waits, not of the office: for phone pages and outer systems (对外用语)."""

BEFORE_WORK = ("to_accept", "to_supplement", "to_dispatch", "redo")
AT_WORK = ("to_sign", "handling", "to_review")
UNDONE = (*AT_WORK, "on_hold")
"""Orders whose unit still has something to do, held ones among them (未办结的承办单)."""
LIVING = (*BEFORE_WORK, *AT_WORK, "on_hold", "to_call_back")

FINDINGS = (("true", "属实"), ("partly", "部分属实"), ("false", "不属实"))
"""Whether what was told turned out true (诉求是否属实)."""

MARKS = (("repeated", "重复件"), ("group", "群体件"), ("none", "不作标记"))
"""Marks of a matter: told before by the same person, or told by many (重复、群体)."""

TEXT = Field("text", "说明", kind="text")
REASON = Field("reason", "理由", kind="text", required=True)
OWN_DAYS = Field("assist_days", "协办时限（工作日）", kind="number", help="留空与本件同一时限；不会晚于本件时限。")

CASE = LifeCycle(
    code="case",
    name="事件",
    version=1,
    start="to_accept",
    states=STATES,
    verbs=(
        Verb("accept", "受理", ("to_accept",), "to_dispatch", right="cases.accept",
             who=("受理员",), limit="total", stops=("accept",),
             form=(Field("category", "类别", kind="category", required=True),
                   Field("urgency", "紧急程度", kind="choice"), TEXT)),
        Verb("ask_supplement", "请补充", ("to_accept", "to_dispatch"), "to_supplement", right="cases.supplement",
             who=("受理员",), pauses=("accept", "total"), needs_reason=True,
             form=(Field("reason", "需要补充的内容", kind="text", required=True, help="上报人会看到这段话。"),),
             tells=("cases.supplement_reporter",)),
        Verb("supplement", "补充", ("to_supplement",), "to_accept", right="cases.supplement",
             who=("受理员", "上报人"), resumes=("accept", "total"), form=(TEXT,)),
        Verb("answer_directly", "直接答复", ("to_accept", "to_dispatch"), "to_call_back",
             right="cases.answer_directly", who=("受理员",), stops=("accept", "total"),
             form=(Field("category", "类别", kind="category"),
                   Field("reply", "答复内容", kind="text", required=True))),
        Verb("not_accept", "不予受理", ("to_accept", "to_dispatch"), "not_accepted",
             right="cases.not_accept", who=("受理员",), approval="cases.approve_not_accept",
             needs_reason=True, stops=("accept", "total"), form=(REASON,)),
        Verb("dispatch", "派遣", ("to_dispatch", "redo"), "to_sign", right="cases.dispatch",
             who=("派遣员",), tells=("cases.assigned",),
             form=(Field("lead", "主办单位", kind="unit", required=True),
                   Field("assist", "协办单位", kind="units"), OWN_DAYS,
                   Field("request", "办理要求", kind="text"))),
        Verb("transfer", "转办", AT_WORK, "to_sign", right="cases.transfer", who=("派遣员",),
             needs_reason=True, tells=("cases.assigned",),
             form=(Field("lead", "改由哪个单位主办", kind="unit", required=True),
                   Field("request", "办理要求", kind="text", help="随承办单转给新的主办单位。"),
                   Field("reason", "转办理由", kind="text", required=True))),
        Verb("add_unit", "加派", AT_WORK, STAY, right="cases.add_unit", who=("派遣员", "镇街派遣员"),
             tells=("cases.assigned",),
             form=(Field("assist", "协办单位", kind="units", required=True), OWN_DAYS,
                   Field("request", "办理要求", kind="text"))),
        Verb("hold", "挂起", AT_WORK, "on_hold", right="cases.hold", who=("承办经办人", "派遣员"),
             approval="cases.approve_hold", needs_reason=True, pauses=("total",),
             form=(Field("review_on", "复核日期", kind="date", required=True), REASON)),
        Verb("keep_on_hold", "继续挂起", ("on_hold",), STAY, right="cases.hold", who=("承办经办人", "派遣员"),
             needs_reason=True, form=(Field("review_on", "下次复核日期", kind="date", required=True), REASON)),
        Verb("resume", "恢复", ("on_hold",), "derived", among=AT_WORK, right="cases.hold", who=("承办经办人", "派遣员"),
             resumes=("total",), form=(TEXT,)),
        Verb("extend", "延期", AT_WORK, STAY, right="cases.extend", who=("承办经办人",),
             approval="cases.approve_extension", needs_reason=True,
             form=(Field("days", "延长工作日", kind="number", required=True), REASON)),
        Verb("urge", "催办", (*AT_WORK, "to_dispatch", "redo"), STAY, right="cases.urge",
             who=("受理员", "派遣员", "督查员", "区领导"), tells=("cases.urged",), form=(TEXT,)),
        Verb("confer", "会商记录", (*AT_WORK, "to_dispatch", "redo", "on_hold"), STAY, right="cases.confer",
             who=("派遣员", "值班长", "镇街派遣员"),
             form=(Field("held_on", "会商日期", kind="date", required=True),
                   Field("assist", "参加单位", kind="units", required=True),
                   Field("conclusion", "会商结论", kind="text", required=True))),
        Verb("mark", "标记", LIVING, STAY, right="cases.merge", who=("受理员", "派遣员"),
             form=(Field("mark", "标记为", kind="choice", choices=MARKS, required=True), TEXT)),
        Verb("split", "拆分", BEFORE_WORK, STAY, right="cases.split", who=("受理员", "派遣员"),
             form=(Field("parts", "拆出的事项", kind="parts", required=True),
                   Field("waits", "等拆出的事项都办结后本件再办结", kind="yesno"))),
        Verb("merge", "并单", BEFORE_WORK, "merged", right="cases.merge", who=("受理员", "派遣员"),
             stops=(), needs_reason=True, form=(Field("into", "并入哪一件", kind="case", required=True), REASON)),
        Verb("unmerge", "撤销并单", ("merged",), "to_dispatch", right="cases.merge", who=("受理员", "派遣员"),
             reopens=True, form=(TEXT,)),
        Verb("answer_apart", "单独答复", ("merged",), STAY, right="cases.answer_directly", who=("受理员",),
             form=(Field("reply", "给这位上报人的答复", kind="text", required=True,
                         help="主件办结时答复这位上报人；不单独填写的，用主件的答复。"),)),
        Verb("work", "承办单办理", AT_WORK, "derived", among=(*AT_WORK, "to_dispatch", "to_call_back"),
             right="cases.handle", who=("承办单位",)),
        Verb("call_back", "回访", ("to_call_back",), "closed", right="cases.call_back", who=("回访员",),
             stops=("call_back",),
             form=(Field("reached", "已联系上", kind="yesno", required=True),
                   Field("true_matter", "诉求属实", kind="yesno"),
                   Field("contacted", "承办单位联系过", kind="yesno"),
                   Field("solved", "已解决", kind="yesno"),
                   Field("satisfied", "对结果满意", kind="yesno"),
                   Field("satisfied_attitude", "对办理过程满意", kind="yesno"),
                   Field("reason", "不满意原因", kind="text"),
                   Field("note", "备注", kind="text"))),
        Verb("close", "办结", ("to_call_back",), "closed", right="cases.close", who=("派遣员", "值班长"),
             stops=("call_back",), needs_reason=True, form=(REASON,), tells=("cases.closed_reporter",)),
        Verb("redo", "重办", ("to_call_back", "closed"), "redo", right="cases.redo",
             who=("回访员", "值班长", "上报人"), reopens=True, limit="total", needs_reason=True, form=(REASON,),
             tells=("cases.redo",)),
        Verb("make_secret", "设为保密件", BEFORE_WORK, STAY, right="cases.open_secret", who=("受理员", "值班长"),
             form=(Field("title", "隐去身份后的标题", kind="text", required=True),
                   Field("text", "隐去身份后的内容", kind="text", required=True),
                   Field("barred", "被反映单位", kind="unit"))),
        Verb("void", "作废", (*BEFORE_WORK, *AT_WORK), "void", right="cases.void", who=("受理员", "派遣员"),
             approval="cases.approve_void", needs_reason=True, stops=("accept", "total"), form=(REASON,)),
    ),
)  # fmt: skip

ORDER = LifeCycle(
    code="work_order",
    name="承办单",
    version=1,
    start="to_sign",
    states=(
        State("to_sign", "待签收", WAITING),
        State("handling", "处置中", OPEN),
        State("on_hold", "挂起", WAITING),
        State("to_review", "待审签", WAITING),
        State("done", "已办结", CLOSED),
        State("returned", "已退回", CLOSED),
        State("released", "已解除", CLOSED),
        State("withdrawn", "已撤回", CLOSED),
    ),
    verbs=(
        Verb("sign", "签收", ("to_sign",), "handling", right="cases.sign", who=("承办经办人", "网格员")),
        Verb("return_order", "退回", ("to_sign", "handling"), "returned", right="cases.return",
             who=("承办经办人", "镇街派遣员", "网格员"), approval="cases.dispatch", needs_reason=True, form=(REASON,)),
        Verb("dispute", "派单异议", ("to_sign", "handling"), "returned", right="cases.return",
             who=("承办经办人", "镇街派遣员"), approval="cases.rule_return", needs_reason=True,
             form=(Field("instead", "应由哪个单位承办", kind="unit"), REASON)),
        Verb("pass_down", "下派", ("to_sign", "handling"), "handling", right="cases.transfer",
             who=("镇街派遣员",), tells=("cases.assigned",),
             form=(Field("lead", "主办单位", kind="unit", required=True),
                   Field("assist", "协办单位", kind="units"), OWN_DAYS,
                   Field("request", "办理要求", kind="text"))),
        Verb("take_over", "接手", ("handling",), STAY, right="cases.reply", who=("承办经办人", "网格员"), form=(TEXT,)),
        Verb("ask_help", "请求协办", ("handling",), STAY, right="cases.reply", who=("承办经办人", "网格员"),
             approval="cases.add_unit", needs_reason=True,
             form=(Field("assist", "请哪些单位协办", kind="units", required=True), REASON)),
        Verb("whistle", "吹哨", ("handling",), "handling", right="cases.whistle",
             who=("镇街派遣员", "网格员"), tells=("cases.called",),
             form=(Field("assist", "请到场的单位", kind="units", required=True),
                   Field("hours", "到场时限（小时）", kind="number", required=True),
                   Field("request", "需要做什么", kind="text", required=True))),
        Verb("arrive", "报到", ("to_sign", "handling"), "handling", right="cases.sign",
             who=("承办经办人",), form=(TEXT,)),
        Verb("conclude", "填写联合处置结果", ("handling",), STAY, right="cases.reply",
             who=("承办经办人", "网格员", "镇街派遣员"),
             tells=("cases.joint_to_agree",),
             form=(Field("joint", "联合处置结果", kind="text", required=True,
                         help="逐个写明到场单位做了什么、结果如何；到场单位都确认后形成。"),)),
        Verb("agree", "确认联合处置结果", ("to_review",), "done", right="cases.reply",
             who=("承办经办人", "网格员", "镇街派遣员"), form=(TEXT,)),
        Verb("differ", "提出不同意见", ("to_review",), "handling", right="cases.reply",
             who=("承办经办人", "网格员", "镇街派遣员"), needs_reason=True, tells=("cases.joint_differs",),
             form=(Field("reason", "不同意见", kind="text", required=True),)),
        Verb("handle", "处置", ("handling",), "handling", right="cases.handle",
             who=("承办经办人", "网格员", "镇街派遣员"),
             form=(Field("text", "办理情况", kind="text", required=True),
                   Field("on_site", "到过现场", kind="yesno"))),
        Verb("reply", "反馈", ("handling",), "to_review", right="cases.reply",
             who=("承办经办人", "网格员", "镇街派遣员"),
             form=(Field("reply", "办理情况", kind="text", required=True),
                   Field("finding", "诉求是否属实", kind="choice", choices=FINDINGS),
                   Field("contacted", "已联系上报人", kind="yesno"),
                   Field("solved", "是否解决", kind="yesno"),
                   Field("unsolved_reason", "未解决的原因"),
                   Field("public_reply", "给上报人的答复", kind="text"))),
        Verb("review", "审签通过", ("to_review",), "done", right="cases.review", who=("承办审签人",), form=(TEXT,)),
        Verb("send_back", "审签退回", ("to_review",), "handling", right="cases.review", who=("承办审签人",),
             needs_reason=True, form=(REASON,)),
        Verb("release", "解除", ("to_sign", "handling", "to_review"), "released", right="cases.add_unit",
             who=("派遣员", "镇街派遣员"), needs_reason=True, form=(REASON,)),
        Verb("withdraw", "撤回", ("to_sign", "handling", "to_review", "on_hold"), "withdrawn",
             right="cases.transfer", who=("派遣员",), needs_reason=True, form=(REASON,)),
        Verb("hold", "挂起", ("to_sign", "handling", "to_review"), "on_hold", right="cases.hold",
             who=("承办经办人",), form=(REASON,)),
        Verb("resume", "恢复", ("on_hold",), "handling", right="cases.hold", who=("承办经办人",), form=(TEXT,)),
    ),
)  # fmt: skip
