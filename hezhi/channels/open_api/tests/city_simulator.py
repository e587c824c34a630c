"""A simulator of a city's 12345 platform (市级热线平台模拟器): it behaves like one at our door and is none. All invented."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hezhi.channels.open_api.tests.world import Platform as Caller
from hezhi.channels.open_api.tests.world import make_key, told
from hezhi.chapters.cases.platform.models import Platform
from hezhi.engines.connect.models import Webhook
from hezhi.engines.org.testkit import traced

REPORTS, CHECK = "/api/v1/reports/", "/api/v1/reconciliation/"


@dataclass
class Order:
    """An order as the simulated platform keeps it (平台工单)."""

    number: str
    due_at: datetime
    state: str = "待办"
    reply: str = ""
    secret: bool = False


@dataclass
class CitySimulator:
    """The simulated platform: it sends orders, hears pushes, answers requests, calls back, compares lists."""

    caller: Caller
    orders: dict[str, Order] = field(default_factory=dict)

    @classmethod
    def connected(cls, **how: Any) -> "CitySimulator":
        """Set up on our side as an administrator would: a key and a platform of the same code."""
        traced()
        Platform.objects.create(code="city", name="示例市热线平台（模拟器）", **({"way": "interface"} | how))
        key = make_key(
            system="city", scopes=["reports.write", "reports.read"], webhook_url="https://city.example.cn/hezhi"
        )
        return cls(Caller(key))

    def send(self, number: str, due_at: datetime, **more: Any) -> str:
        """Send an order; gives our number."""
        self.orders[number] = Order(number, due_at, secret=bool(more.get("secret")))
        answer = self.caller.report(outside_number=number, outside_due_at=due_at.isoformat(), **more)
        assert answer.status_code in (200, 201), answer.content.decode()
        return str(told(answer)["number"])

    def asks(self, number: str) -> list[dict[str, Any]]:
        """What we ask it for about an order."""
        return list(told(self.caller.call("GET", f"{REPORTS}{number}/requests/"))["items"])

    def decides(self, number: str, decision: str, **more: Any) -> dict[str, Any]:
        """Answer the newest request that waits."""
        waits = next(each for each in self.asks(number) if each["state"] == "waiting")
        answer = self.caller.call("POST", f"{REPORTS}{number}/requests/{waits['id']}/", {"decision": decision} | more)
        assert answer.status_code == 200, answer.content.decode()
        return told(answer)

    def follows(self, number: str, **what: Any) -> Any:
        """Tell its call-back or its redo."""
        return self.caller.call("POST", f"{REPORTS}{number}/follow-ups/", what)

    def status(self, number: str) -> dict[str, Any]:
        """How we say that an order stands."""
        return told(self.caller.call("GET", f"{REPORTS}{number}/"))

    def compares(self, day: str) -> dict[str, Any]:
        """Send its list of a day; gives what we say of it."""
        items = [
            {"outside_number": o.number, "state": o.state, "outside_due_at": o.due_at.isoformat(), "reply": o.reply}
            for o in self.orders.values()
        ]
        answer = self.caller.call("POST", CHECK, {"first": day, "last": day, "items": items})
        assert answer.status_code == 201, answer.content.decode()
        return told(answer)

    def heard(self) -> list[tuple[str, str]]:
        """What was pushed to it: event and verb."""
        return [(row.event, row.body["verb"]) for row in Webhook.objects.filter(key__system="city").order_by("id")]
