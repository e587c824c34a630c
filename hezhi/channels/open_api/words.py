"""The words that outer systems read (对外用语)."""

WRITE_SCOPE = "reports.write"
SCOPES = {
    "reports.write": "上报事件、补充材料和附件",
    "reports.read": "查询本系统上报事件的进度",
    "facts.read": "取事件环节事实供数据仓库，到社区、到小时，不含个人信息和文字内容",
    "facts.grid": "环节事实带网格",
}
"""What a key may do (接口权限), in the words of the page that grants it."""
