"""The fourteen limits by number, and what a guard says when one is crossed (禁止项、发现)."""

from dataclasses import dataclass

LIMITS = {
    "P1": "不给居民打分、排名、预测",
    "P2": "不做生物识别，不记录行踪",
    "P3": "人与人的联系只由人为帮扶而登记",
    "P4": "行使权利不是被关注的理由",
    "P5": "艾滋病状况不进通用台账",
    "P6": "按指派知情",
    "P7": "紧急查阅留痕、限时、复核",
    "P8": "没有弱势人群地图",
    "P9": "存储加密，屏幕遮盖",
    "P10": "导出要审批、限量、有水印",
    "P11": "个人对自己的信息有权利",
    "P12": "有始有终，不遗忘任何人",
    "P13": "只收集一次，只收集需要的",
    "P14": "网格员也不被监视",
}


@dataclass(frozen=True)
class Finding:
    """One crossing of a limit (越限): which limit, where, and what is wrong in a sentence."""

    limit: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.limit}（{LIMITS[self.limit]}）：{self.where}：{self.what}"
