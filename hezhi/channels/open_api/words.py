"""The words that outer systems read (对外用语)."""

SCOPES = {
    "reports.write": "上报事件、补充材料和附件",
    "reports.read": "查询本系统上报事件的进度",
}
"""What a key may do (接口权限), in the words of the page that grants it."""

PUBLIC_STATES = {
    "to_accept": "已收到", "to_supplement": "请补充", "to_dispatch": "已受理", "to_sign": "已派单", "handling": "办理中",
    "on_hold": "暂缓办理", "to_review": "办理中", "to_call_back": "已答复", "redo": "重新办理", "closed": "已办结",
    "not_accepted": "不予受理", "merged": "合并办理", "void": "已作废",
}  # fmt: skip
"""The states in the words of somebody who waits, not of the office."""
