"""A year in a district (模拟一年), lived through the real verbs with the clock stopped and moved.

Cases come all the year; people accept, dispatch, sign, return, extend, hold, merge, split, reply, redo and call back as
the dice say; each day has its shift, and the year has its holidays and make-up days, a holiday that is moved, grids that
are redrawn, people on leave with a deputy, people who leave for good. Between all this the worker's rounds run, and are
killed. Nothing here writes a case but by a verb; what a verb refuses is refused, and counted.

Several processes may live it together (`hands`): each takes its share of the cases through, one has the district and the
worker. They meet at the beginning of each day and before the worker's rounds, so nobody's clock is more than half a day
ahead; what the worker makes of what moved (facts, messages, the seal) it makes while they go on.
"""

from __future__ import annotations

import heapq
import multiprocessing
import os
import random
import signal
import sys
import time as machine
import traceback
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any, cast
from uuid import UUID

from django.db import connection, connections
from shapely.geometry import LineString

from hezhi.chapters.cases.appraisal import actions as appraisal
from hezhi.chapters.cases.appraisal.models import Template
from hezhi.chapters.cases.appraisal.queries import objects_for
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case, Category, Moved
from hezhi.chapters.cases.intake.api import Message, take_in
from hezhi.chapters.cases.shifts import actions as shifts
from hezhi.chapters.cases.statistics import queries, rules
from hezhi.chapters.cases.statistics.api import rebuild
from hezhi.chapters.cases.statistics.queries import Asked
from hezhi.engines.flow import calendar_change, timing
from hezhi.engines.flow.models import Approval, CalendarDay, WorkOrder
from hezhi.engines.geo import dividing, division
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actions import end_holding, grant_post, name_deputy, put_on_duty
from hezhi.engines.org.actions.posts import running
from hezhi.engines.org.actor import Actor, actor_of, citizen, system
from hezhi.engines.org.models import Holding, Unit, User
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import Refusal
from hezhi.ground.events import announce

DAY = timedelta(days=1)
MATTERS = (
    ("路灯不亮", "门前路灯不亮已经三天，晚上看不清路"), ("下水道堵塞", "楼下下水道堵塞，污水流到路上"), ("占道经营", "早上有人占道经营，走路不便"),
    ("垃圾堆放", "小区门口垃圾堆放多日没人清运"), ("停水", "家里停水两天，没有通知"), ("施工噪声", "夜里工地施工噪声大，影响休息"),
)  # fmt: skip
SOURCES = ("hotline", "hotline", "hotline", "grid", "walk_in", "citizen", "online_media")
AT_ONCE, EVER = 2000, 2000
"""Marks of moved cases that one look works off, and so many looks at most."""
PAUSES = (4, 15, 40, 90, 240, 700, 1500, 2900, 5800)
"""Minutes between two steps of a case."""
MOVING = (
    "hezhi.engines.flow.jobs.watch",
    "hezhi.chapters.cases.return_visit.jobs.watch",
    "hezhi.chapters.cases.supervision.jobs.watch",
    "hezhi.chapters.cases.shifts.jobs.watch",
    "hezhi.chapters.cases.handling.jobs.remind_of_holds",
    "hezhi.engines.flow.jobs.release_claims",
    "hezhi.chapters.appcentre.users.jobs.move_due_work",
)
"""Rounds that move cases themselves: done while the people stand still, as a round's clock is that of the people."""
FOLLOWING = (
    "hezhi.engines.reach.jobs.deliver_inbox",
    "hezhi.engines.reach.jobs.deliver_outside",
    "hezhi.engines.connect.jobs.deliver_webhooks",
    "hezhi.engines.records.jobs.seal",
    "hezhi.chapters.cases.statistics.jobs.catch_up",
)
"""Rounds that make something of what has moved, beside those who move on. Both are what case handling needs of `wiring.jobs.ROUNDS`."""


@dataclass
class Told:
    """What happened in the year."""

    cases: int = 0
    verbs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    frozen: list[UUID] = field(default_factory=list)
    spent: Counter[str] = field(default_factory=Counter)
    """Seconds of CPU of this process by what was done: cases, days, rounds."""

    def add(self, other: Told) -> None:
        """What another process did in the same year."""
        self.cases += other.cases
        self.killed += other.killed
        self.frozen += other.frozen
        for name in ("verbs", "refused", "events", "spent"):
            getattr(self, name).update(getattr(other, name))


class People:
    """Who holds which post now; an actor is made when he first acts, for a district has thousands."""

    def __init__(self) -> None:
        self.holdings: dict[tuple[UUID, str], Holding] = {}
        rows = Holding.objects.filter(valid_from__lte=time.now(), post__unit__valid_to__isnull=True).order_by(
            "valid_from", "pk"
        )
        for row in running(rows, time.now()).select_related("user", "post__role"):
            self.holdings.setdefault((row.post.unit_id, row.post.role.code), row)
        self.actors: dict[UUID, Actor] = {}
        self.centre = Unit.objects.get(kind=Unit.Kind.CENTRE).pk

    def of(self, unit: UUID, role: str) -> Actor | None:
        """The one who holds such a post in a unit."""
        held = self.holdings.get((unit, role))
        if held is None:
            return None
        if held.pk not in self.actors:
            self.actors[held.pk] = actor_of(held.user, held.post_id).at(
                channel="officer", address=None, request_id="year"
            )
        return self.actors[held.pk]

    def at_centre(self, role: str) -> Actor:
        """The one who holds such a post at the centre."""
        return cast(Actor, self.of(self.centre, role))

    def all_at_centre(self) -> list[Actor]:
        """Everybody at the centre."""
        roles = sorted(role for unit, role in self.holdings if unit == self.centre)
        return [self.at_centre(role) for role in roles]


class Year:
    """The year of a district: its people, its dice, its agenda."""

    def __init__(
        self, cases: int, *, first: date, seed: int = 1, kills: int = 0, days: int = 365, hands: int = 0
    ) -> None:
        """`hands`: so many processes beside this one take the cases through; none: this one does all."""
        self.wanted, self.first, self.days, self.hands = cases, first, days, hands
        self.seed, self.dice = seed, random.Random(seed)
        self.told = Told()
        self.agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self.turn = 0
        self.meeting: Barrier | None = None
        self.share, self.district = (0, 1), True
        self.recent: deque[UUID] = deque(maxlen=60)
        """Cases of this process that came last: what a case is merged into is never another process's."""
        self.kills = set(self.dice.sample(range(2 * days), min(kills, 2 * days)))
        self.people = People()
        self.kinds = list(Category.objects.filter(active=True, parent__isnull=False).values_list("pk", flat=True))
        self.units = list(
            Unit.objects.filter(kind__in=("department", "town"), valid_to__isnull=True).values_list("pk", flat=True)
        )
        self.points = [
            (grid.shape.point_on_surface.x, grid.shape.point_on_surface.y)
            for grid in Area.objects.filter(level="grid", kind="basic", valid_to__isnull=True).order_by("code")[:400]
        ]
        self.able = [unit for unit in self.units if self._works(unit)]

    def _works(self, unit: UUID) -> bool:
        return self._hand(unit) is not None and self.people.of(unit, "reviewer") is not None

    # -- the agenda ------------------------------------------------------------------------------------

    def at(self, moment: datetime, work: Callable[[], None]) -> None:
        """Put something on the agenda."""
        self.turn += 1
        heapq.heappush(self.agenda, (moment, self.turn, work))

    def live(self, clock: time.FrozenClock) -> Told:
        """The whole year, and after it as many quiet weeks as the worker needs."""
        if not self.hands:
            self._live(clock)
            work_off()
            return self.told
        start = multiprocessing.get_context("fork")
        self.meeting = start.Barrier(self.hands + 1)
        connections.close_all()  # each has a line of its own
        pipes, processes = [], []
        for n in range(self.hands):
            mine, theirs = start.Pipe(duplex=False)
            processes.append(start.Process(target=self._beside, args=(n, theirs), daemon=True))
            processes[-1].start()
            theirs.close()
            pipes.append(mine)
        self.share = (0, 0)
        try:
            self._live(clock)
        except BaseException:
            self.meeting.abort()
            raise
        finally:
            others = [_answer_of(pipe) for pipe in pipes]
            for process in processes:
                process.join()
        for each in others:
            if isinstance(each, str):
                raise RuntimeError(each)
            self.told.add(each)
        work_off()
        return self.told

    def _beside(self, n: int, pipe: Any) -> None:
        """Another process's year: its share of the cases."""
        try:
            self.dice, self.told = random.Random(f"{self.seed} {n}"), Told()
            self.share, self.district = (n, self.hands), False
            with time.frozen_at(time.at_local(self.first)) as clock:
                self._live(clock)
            pipe.send(self.told)
        except BrokenBarrierError:
            pipe.send(f"hand {n}: another one failed")
        except BaseException:
            cast(Barrier, self.meeting).abort()
            pipe.send(traceback.format_exc())

    def _live(self, clock: time.FrozenClock) -> None:
        start = time.at_local(self.first)
        mine, of = self.share
        for n in range(self.wanted):
            minute = self.dice.triangular(6 * 60, 23 * 60, 10 * 60)
            day = timedelta(days=(n + self.dice.random()) * self.days / self.wanted // 1, minutes=minute)
            if of and n % of == mine:
                self.at(start + day, self._report)
        for n in range(self.days):
            self.at(start + timedelta(days=n, hours=7), self._day)
            for half, hour in enumerate((9, 18)):
                self.at(start + timedelta(days=n, hours=hour, minutes=1), self._rounds_of(2 * n + half))
        end = start + timedelta(days=self.days)
        while self.agenda and self.agenda[0][0] < end:
            moment, _, work = heapq.heappop(self.agenda)
            clock.move_to(max(moment, clock.moment))
            work()
        clock.move_to(end)
        self._meet()

    def _meet(self) -> None:
        """Wait for the others."""
        if self.meeting is not None:
            self.meeting.wait()

    def _spent(self, what: str, work: Callable[[], Any]) -> Any:
        used = machine.process_time()
        try:
            return work()
        finally:
            self.told.spent[what] += machine.process_time() - used

    # -- cases -----------------------------------------------------------------------------------------

    def _report(self) -> None:
        title, text = self.dice.choice(MATTERS)
        source, (lon, lat) = self.dice.choice(SOURCES), self.dice.choice(self.points)
        message = Message(
            source=source, title=title, text=f"{text}（第{self.told.cases + 1}件）", lon=lon, lat=lat, crs="EPSG:4326", name="示例甲",
            phone=f"199{self.dice.randrange(10**8):08d}", urgency="urgent" if self.dice.random() < 0.08 else "normal",
            secret=self.dice.random() < 0.01,
        )  # fmt: skip
        by = citizen() if source in ("citizen", "online_media") else self.people.at_centre("acceptor")
        case = self._do("report", lambda: take_in(message, by=by))
        if case is not None:
            self.told.cases += 1
            self.recent.append(case.id)
            self._next(case.id)

    def _next(self, case_id: UUID) -> None:
        moment = time.now() + timedelta(minutes=self.dice.choice(PAUSES))
        if time.local(moment).hour < 7 and self.dice.random() < 0.9:
            moment += timedelta(hours=8)
        self.at(moment, lambda: self._move(case_id))

    def _move(self, case_id: UUID) -> None:
        """One step of a case, by what state it is in."""
        self._spent("cases", lambda: self._step(case_id))

    def _step(self, case_id: UUID) -> None:
        case = Case.objects.select_related("category").get(pk=case_id)
        waiting = Approval.objects.filter(object_id=case_id, state="waiting").first()
        if waiting is not None and self.dice.random() >= 0.3:  # now and then a request lies, and the case goes on
            self._decide(waiting)
        elif case.state in ("not_accepted", "void"):
            return
        else:
            work = getattr(self, f"_in_{case.state}")
            work(case)
            if case.state == "closed" and self.dice.random() < 0.9:
                return
        self._next(case_id)

    def _do(self, name: str, work: Callable[[], Any]) -> Any:
        try:
            done = work()
        except Refusal as refusal:
            self.told.refused[f"{name}: {refusal.code or refusal.what}"] += 1
            return None
        self.told.verbs[name] += 1
        return done if done is not None else True

    def _centre(self, role: str) -> Actor:
        return self.people.at_centre(role)

    def _hand(self, unit: UUID) -> Actor | None:
        found = (self.people.of(unit, role) for role in ("handler", "town_dispatcher", "grid_worker"))
        return next((by for by in found if by is not None and by.may("cases.sign")), None)

    def _decide(self, waiting: Approval) -> None:
        role = "dispatcher" if waiting.permission == "cases.dispatch" else "duty_chief"
        grant, by = self.dice.random() < 0.75, self._centre(role)
        lead = self.dice.choice(self.able) if waiting.permission == "cases.rule_return" else None
        self._do("decide", lambda: actions.decide(waiting.pk, by=by, grant=grant, opinion="已核。", lead_id=lead))

    def _in_to_accept(self, case: Case) -> None:
        by, luck = self._centre("acceptor"), self.dice.random()
        if luck < 0.05:
            self._do("ask_supplement", lambda: actions.ask_supplement(case.pk, by=by, reason="请说明位置"))
        elif luck < 0.10:
            self._do(
                "answer_directly",
                lambda: actions.answer_directly(
                    case.pk, by=by, reply="已说明办理地点和材料。", category_id=self._kind(case)
                ),
            )
        elif luck < 0.13:
            self._do("ask_not_accept", lambda: actions.ask_not_accept(case.pk, by=by, reason="已进入诉讼程序"))
        elif luck < 0.15:
            self._do("ask_void", lambda: actions.ask_void(case.pk, by=by, reason="测试来电"))
        elif luck < 0.18:
            self._merge(case, by)
        elif luck < 0.20:
            parts = self._do("split", lambda: actions.split(case.pk, by=by, parts=["另一处路灯不亮"]))
            for part in parts or []:
                self.told.cases += 1
                self._next(part.pk)
        else:
            self._do("accept", lambda: actions.accept(case.pk, by=by, category_id=self._kind(case)))

    def _kind(self, case: Case) -> UUID:
        return case.category_id or self.dice.choice(self.kinds)

    def _merge(self, case: Case, by: Actor) -> None:
        others = Case.objects.filter(
            pk__in=[key for key in self.recent if key != case.pk],
            state__in=("to_dispatch", "to_sign", "handling"),
            secret=False,
        )
        into = others.order_by("-received_at").values_list("pk", flat=True).first()
        if into is not None:
            self._do("merge", lambda: actions.merge(case.pk, by=by, into_id=into, reason="同一问题"))

    def _in_merged(self, case: Case) -> None:
        if self.dice.random() < 0.08:
            self._do("unmerge", lambda: actions.unmerge(case.pk, by=self._centre("dispatcher"), text="不是同一处"))

    def _in_to_supplement(self, case: Case) -> None:
        self._do("supplement", lambda: actions.supplement(case.pk, by=self._centre("acceptor"), text="在三号楼前"))

    def _in_to_dispatch(self, case: Case) -> None:
        by, luck = self._centre("dispatcher"), self.dice.random()
        if luck < 0.03:
            self._do("ask_void", lambda: actions.ask_void(case.pk, by=by, reason="重复登记"))
        elif luck < 0.06:
            self._merge(case, by)
        else:
            lead, *assist = self.dice.sample(self.able, 2 if self.dice.random() < 0.2 and len(self.able) > 1 else 1)
            self._do(
                "dispatch",
                lambda: actions.dispatch(case.pk, by=by, lead_id=lead, assist_ids=assist, request="请核实处理"),
            )

    _in_redo = _in_to_dispatch

    def _orders(self, case: Case, *states: str) -> list[WorkOrder]:
        return list(WorkOrder.objects.filter(matter_id=case.pk, state__in=states).order_by("-depth", "issued_at", "id"))

    def _of_case(self, case: Case) -> bool:
        """Now and then something befalls the case as a whole; gives whether it did."""
        luck, desk = self.dice.random(), self._centre("dispatcher")
        if luck < 0.03:
            return bool(self._do("urge", lambda: actions.urge(case.pk, by=desk, text="请抓紧")))
        if luck < 0.05:
            unit = self.dice.choice(self.able)
            return bool(
                self._do("transfer", lambda: actions.transfer(case.pk, by=desk, lead_id=unit, reason="职责调整"))
            )
        if luck < 0.07:
            unit = self.dice.choice(self.able)
            return bool(self._do("add_units", lambda: actions.add_units(case.pk, by=desk, assist_ids=[unit])))
        return False

    def _in_to_sign(self, case: Case) -> None:
        if self._of_case(case):
            return
        for order in self._orders(case, "to_sign")[:1]:
            by = self._hand(order.unit_id)
            if by is None:
                self.told.refused["no hand"] += 1
            elif self.dice.random() < 0.08:
                self._do(
                    "ask_return",
                    lambda by=by, order=order: actions.ask_return(order.pk, by=by, reason="不属我单位职责"),
                )
            else:
                self._do("sign", lambda by=by, order=order: actions.sign(order.pk, by=by))

    def _in_handling(self, case: Case) -> None:
        orders = self._orders(case, "handling") or self._orders(case, "to_sign", "to_review")
        if self._of_case(case) or not orders:
            return
        order, luck = orders[0], self.dice.random()
        by = self._hand(order.unit_id)
        if by is None or order.state != "handling":
            (self._in_to_sign if order.state == "to_sign" else self._in_to_review)(case)
        elif luck < 0.10:
            self._do("extend", lambda: actions.ask_extension(case.pk, by=by, days=3, reason="等待配件"))
        elif luck < 0.15:
            until = time.today() + timedelta(days=self.dice.randint(5, 40))
            self._do("hold", lambda: actions.ask_hold(case.pk, by=by, reason="冬季不宜施工", review_on=until))
        elif luck < 0.30:
            self._do("handle", lambda: actions.handle(order.pk, by=by, text="到现场看过"))
        elif luck < 0.34 and order.depth == 0:
            self._pass_down(order, by)
        else:
            self._do(
                "reply",
                lambda: actions.reply(
                    order.pk,
                    by=by,
                    text="已修好",
                    public_reply="已处理，请您放心",
                    finding="true",
                    contacted=True,
                    solved=True,
                ),
            )

    def _pass_down(self, order: WorkOrder, by: Actor) -> None:
        below = Unit.objects.filter(path__startswith=order.unit.path, valid_to__isnull=True).exclude(pk=order.unit_id)
        units = [u for u in below.order_by("code")[:30] if self._works(u.pk)]
        if units:
            lead = self.dice.choice(units).pk
            self._do("pass_down", lambda: actions.pass_down(order.pk, by=by, lead_id=lead, request="请现场处理"))

    def _in_to_review(self, case: Case) -> None:
        if self._of_case(case):
            return
        for order in self._orders(case, "to_review")[:1]:
            by = self.people.of(order.review_unit_id, "reviewer") if order.review_unit_id else None
            if by is None:
                self.told.refused["no reviewer"] += 1
            elif self.dice.random() < 0.10:
                self._do("send_back", lambda by=by, order=order: actions.send_back(order.pk, by=by, reason="请补照片"))
            else:
                self._do("review", lambda by=by, order=order: actions.review(order.pk, by=by, text="同意。"))
        if not self._orders(case, "to_review"):
            self._in_to_sign(case)

    def _in_on_hold(self, case: Case) -> None:
        if case.review_on is None or case.review_on <= time.today() or self.dice.random() < 0.05:
            self._do("resume", lambda: actions.resume(case.pk, by=self._centre("dispatcher"), text="可以施工"))

    def _in_to_call_back(self, case: Case) -> None:
        by, luck = self._centre("caller"), self.dice.random()
        if luck < 0.12:
            self._do("call_back", lambda: actions.call_back(case.pk, by=by, reached=False))
        elif luck < 0.15:
            self._do("close", lambda: actions.close(case.pk, by=self._centre("dispatcher"), reason="三次未联系上"))
        else:
            happy, again = luck < 0.85, luck > 0.93
            self._do(
                "call_back",
                lambda: actions.call_back(
                    case.pk,
                    by=by,
                    reached=True,
                    true_matter=True,
                    solved=not again,
                    satisfied=happy,
                    satisfied_attitude=True,
                    reason="" if happy else "处理不彻底",
                    again=again,
                ),
            )

    def _in_closed(self, case: Case) -> None:
        if self.dice.random() < 0.7:
            stars = self.dice.choice((5, 5, 5, 4, 3, 1))
            self._do("rate", lambda: actions.rate(case.pk, by=citizen(), stars=stars, solved=stars > 2))
        else:
            self._do("redo", lambda: actions.redo(case.pk, by=self._centre("duty_chief"), reason="问题再次出现"))

    # -- the district ------------------------------------------------------------------------------------

    def _day(self) -> None:
        """What a day brings beside the cases."""
        day = (time.today() - self.first).days
        self._meet()
        if self.district:
            self._spent("days", lambda: self._happen(day))
        self._meet()
        if day == 150:
            timing.forget()  # the holiday is everybody's
        if day % 30 in (12, 13, 26, 27) or day % 60 == 42:  # who stands in or has left changes hands
            self.people = People()

    def _happen(self, day: int) -> None:
        self._shift()
        if day % 30 == 11:
            self._leave()
        if day % 60 == 41:
            self._leaver()
        if day in (100, 220, 300):
            self._redraw()
        if day == 150:
            self._holiday()
        if time.today().day == 5 and day > 4:
            self._appraise()
        if day % 30 == 0:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM handling_case")
                print(f"{time.today()}: {cursor.fetchone()[0]:,} cases", file=sys.stderr, flush=True)

    def _event(self, name: str, work: Callable[[], Any]) -> None:
        try:
            with acting(system("模拟一年"), verb=f"bench.{name}"):
                work()
        except Refusal as refusal:
            self.told.refused[f"{name}: {refusal.code or refusal.what}"] += 1
        else:
            self.told.events[name] += 1

    def _shift(self) -> None:
        """The centre's shift of the day: somebody is on duty, hands over and takes over."""
        centre = Unit.objects.get(pk=self.people.centre)
        able = {a.user_id: a for a in self.people.all_at_centre() if a.user_id and a.may(shifts.TAKE_PART)}
        users = list(able.values())
        if not users:
            return
        day, start = (time.today() - self.first).days, time.now()
        before, one = users[(day - 1) % len(users)], users[day % len(users)]
        holder = User.objects.get(pk=one.user_id)
        self._event("put_on_duty", lambda: put_on_duty(centre, holder, starts_at=start, ends_at=start + DAY))
        if before.user_id != one.user_id:
            row = self._do("hand_over", lambda: shifts.hand_over(by=before, note="无"))
            if row:
                self._do("take_over", lambda: shifts.take_over(row.pk, by=one, note="已核对"))

    def _someone(self) -> Holding | None:
        """A holder of a post at work in case handling who has a colleague of another name to stand in."""
        rows = Holding.objects.filter(
            valid_to__isnull=True, deputy_of__isnull=True, post__unit__in=self.able, post__role__code="handler"
        )
        found = list(rows.select_related("post__unit", "post__role", "user").order_by("pk"))
        return self.dice.choice(found) if found else None

    def _leave(self) -> None:
        """Two weeks of leave with a deputy from another unit."""
        away, deputy = self._someone(), self._someone()
        if away is None or deputy is None or away.user_id == deputy.user_id:
            return
        start = time.now() + timedelta(hours=2)
        self._event(
            "name_deputy",
            lambda: name_deputy(away, deputy.user, starts=start, ends=start + timedelta(days=14), reason="年休假"),
        )

    def _leaver(self) -> None:
        """Somebody leaves for good; a successor holds the post first and takes the work."""
        leaving, successor = self._someone(), self._someone()
        if leaving is None or successor is None or leaving.user_id == successor.user_id:
            return

        def change() -> None:
            if not Holding.objects.filter(post=leaving.post, user=successor.user, valid_to__isnull=True).exists():
                grant_post(leaving.post, successor.user, reason="接任")
            end_holding(leaving, successor=successor.user)

        self._event("leave_for_good", change)

    def _redraw(self) -> None:
        """The border between the grids of a community moves: one is cut, its other half goes to a new grid."""
        grids = Area.objects.filter(level="grid", kind="basic", valid_to__isnull=True).select_related("community")
        grid = self.dice.choice(list(grids.order_by("code")[:200]))
        community = grid.community

        def cut() -> None:
            pieces = {piece.key: piece for piece in dividing.pieces_of(dividing.standing(community))}
            piece = pieces.pop(str(grid.pk))
            left, low, right, high = piece.shape.bounds
            middle = (left + right) / 2
            one, two = division.split(piece.shape, LineString([(middle, low - 0.01), (middle, high + 0.01)]))
            fresh = [
                division.Piece(piece.key, piece.name, one),
                division.Piece(f"{dividing.NEW}{time.today()}", f"{piece.name}新", two),
            ]
            done = dividing.divide(community, [*pieces.values(), *fresh], day=time.today(), source="模拟一年")
            announce("grids.redrawn", community=community, grids=[*done.changed, *done.created], by=system("模拟一年"))

        self._event("redraw", cut)

    def _holiday(self) -> None:
        """A rest day is declared a week ahead, and the limits move with it."""
        day = time.today() + timedelta(days=7)
        by = system("模拟一年")

        def declare() -> None:
            CalendarDay.objects.update_or_create(date=day, defaults={"is_working": False, "name": "临时放假"})
            timing.forget()
            self.told.events["limits_moved"] += calendar_change.move(by, "临时放假通知")

        self._event("holiday", declare)

    def _appraise(self) -> None:
        """The scores of last month come out and are frozen."""
        template = Template.objects.filter(level="department", active=True).order_by("name").first()
        last = time.today().replace(day=1) - DAY
        if template is None:
            return
        by = replace(system("模拟一年"), permissions=frozenset({"appraisal.manage"}))
        objects = [(unit, user) for unit, user, _ in objects_for("department")]

        def freeze() -> None:
            round_ = appraisal.make_round(
                by=by,
                title=f"{last:%Y年%m月}考核",
                template_id=template.pk,
                first=last.replace(day=1),
                last=last,
                objects=objects,
            )
            appraisal.publish(round_.pk, by=by)
            self.told.frozen.append(appraisal.freeze(round_.pk, by=by).pk)

        self._event("appraise", freeze)

    # -- the worker -----------------------------------------------------------------------------------------

    def _rounds_of(self, n: int) -> Callable[[], None]:
        return lambda: self._rounds(killed=n in self.kills)

    def _rounds(self, *, killed: bool) -> None:
        self._meet()
        if self.district:
            self._spent("rounds", lambda: self._work_off(MOVING, killed=killed))
        self._meet()
        if self.district:
            self._spent("rounds", lambda: self._work_off(FOLLOWING, killed=killed))

    def _work_off(self, rounds: tuple[str, ...], *, killed: bool) -> None:
        if killed:
            self._killed(rounds)
        waiting = Moved.objects.count() // AT_ONCE if self.hands and rounds is FOLLOWING else EVER
        work_off(rounds, 1 + waiting)  # what the others move meanwhile has its turn the next time

    def _killed(self, rounds: tuple[str, ...]) -> None:
        """The worker is killed somewhere in its rounds, and another one works on."""
        moment, child = time.now(), os.fork()
        if child == 0:  # pragma: no cover - another process
            try:
                connection.connection = None  # the parent's stays the parent's
                with time.frozen_at(moment):
                    work_off(rounds)
            finally:
                os._exit(0)
        machine.sleep(self.dice.uniform(0.005, 0.25))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        self.told.killed += os.WIFSIGNALED(status)


def work_off(rounds: tuple[str, ...] = MOVING + FOLLOWING, most: int = EVER) -> None:
    """The rounds of the worker until none has anything left to do, or so often; what waits for a later hour stays."""
    from django.utils.module_loading import import_string

    for _ in range(most):
        if not sum(int(import_string(path)() or 0) for path in rounds):
            return


def _answer_of(pipe: Any) -> Told | str:
    with suppress(EOFError):
        return cast("Told | str", pipe.recv())
    return "a process ended without a word"


# -- what must come out ----------------------------------------------------------------------------------


def figures_again(year: Year, by: Actor) -> list[str]:
    """Every figure of every month, counted again: one by one, from the cases, and after the facts are made again.

    Gives a sentence for each that does not come out; and the same of every appraisal that was frozen.
    """
    found: list[str] = []
    months = _months(year)
    before = {month: _figures(by, month) for month in months}
    for month, told in before.items():
        one_by_one = {code: queries.behind(by, month, code).count() for code in rules.MEASURES}
        if one_by_one != told["measures"]:
            found.append(f"{month.first:%Y-%m} 逐项计数不同")
        if _from_cases(by, month) != (told["measures"]["reported"], told["closed"]):
            told_of = (told["measures"]["reported"], told["closed"])
            found.append(f"{month.first:%Y-%m} 由事件计数 {_from_cases(by, month)}，统计 {told_of}")
    rebuild()
    found += [f"{month.first:%Y-%m} 重建后不同" for month, told in before.items() if _figures(by, month) != told]
    manager = replace(system("模拟一年"), permissions=frozenset({"appraisal.manage"}))
    for key in year.told.frozen:
        untouched, differences = appraisal.recompute(manager, key)
        if not untouched or differences:
            found.append(f"考核 {key}：未改动 {untouched}，{len(differences)} 项不同")
    return found


def _months(year: Year) -> list[Asked]:
    found, at, end = [], year.first.replace(day=1), year.first + timedelta(days=year.days)
    while at < end:
        following = (at + timedelta(days=32)).replace(day=1)
        found.append(Asked(at, following - DAY, by="unit"))
        at = following
    return found


def _figures(by: Actor, month: Asked) -> dict[str, Any]:
    whole = queries.whole(by, month)
    return {
        "measures": {code: cell.value for code, cell in whole.now.cells.items()},
        "lines": {line.key: {code: cell.value for code, cell in line.cells.items()} for line in whole.lines},
        "stages": [(s.name, s.many, s.mean, s.median, s.slow) for s in whole.stages],
        "hot": [(h.name, h.now.value, h.before) for h in whole.hot],
        "closed": sum(whole.trend.lines[2]),
    }


def _from_cases(by: Actor, month: Asked) -> tuple[int, int]:
    """Reported and closed, straight from the cases."""
    period, rows = month.period(time.now()), Case.objects.visible_to(by)
    return (
        rows.filter(period.within("received_at")).exclude(state="void").count(),
        rows.filter(period.within("closed_at"), state="closed").count(),
    )
