"""What the pages of the audit show (审计查询)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_address
from uuid import UUID

from django.apps import apps
from django.db.models import Count, Model, Q

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.operations.security_log.rules import event_choices, model_name, others
from hezhi.engines.org.api import Actor, User
from hezhi.engines.records import queries as records
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.queries import Search
from hezhi.ground import time
from hezhi.ground.errors import BadInput

MOST_PEOPLE = 50
NAMED_BY: dict[str, tuple[str, ...]] = {
    "handling.case": ("number",), "org.user": ("full_name",), "org.unit": ("name",), "org.role": ("name",),
    "org.post": ("unit__name", "title"), "org.holding": ("user__full_name", "post__unit__name", "post__title"),
}  # fmt: skip
"""By which of its columns a row is named in the log; others are named by their kind alone (P9)."""


@dataclass(frozen=True)
class Asked:
    """A search as it was typed (查询条件): kept in the address, shown in the filters."""

    person: str = ""
    object: str = ""
    event: str = ""
    result: str = ""
    address: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Asked":
        """The fields of an address, cut to a reasonable length."""
        return cls(**{name: str(given.get(name, "")).strip()[:80] for name in cls.__dataclass_fields__})

    def filled(self) -> dict[str, str]:
        """Only what was typed."""
        return {name: value for name, value in vars(self).items() if value}

    def search(self, events: Sequence[str] = ()) -> Search:
        """The search that was meant. Raises BadInput at each field that cannot be read."""
        wrong: dict[str, str] = {}
        since, until = _day(self.since, "since", wrong), _day(self.until, "until", wrong)
        known = {code for code, _ in event_choices()}
        if self.event and self.event not in known:
            wrong["event"] = "没有这种行为，请从列表中选择。"
        if self.address and not _is_address(self.address):
            wrong["address"] = "来源地址格式不对，应如 10.1.2.3。"
        if wrong:
            raise BadInput(wrong, what="查询条件需要更正", meaning="没有查询", code="audit.bad_search")
        people = people_named(self.person) if self.person else []
        objects = objects_named(self.object) if self.object else []
        return Search(
            actors=people,
            actor_name=self.person,
            objects=objects or ([UUID(int=0)] if self.object else []),
            events=[self.event] if self.event else events,
            result=self.result,
            address=self.address,
            since=time.at_local(since) if since else None,
            until=time.at_local(until + timedelta(days=1)) if until else None,
        )


def _day(typed: str, name: str, wrong: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        wrong[name] = "日期格式不对，应如 2026-11-22。"
        return None


def _is_address(typed: str) -> bool:
    try:
        ip_address(typed)
    except ValueError:
        return False
    return True


def people_named(text: str) -> list[UUID]:
    """The people meant by a name, a login name or an id."""
    if as_id := _id(text):
        return [as_id]
    found = User.objects.filter(Q(full_name__icontains=text) | Q(login_name__iexact=text)).order_by("full_name")
    rows = list(found.values_list("pk", "login_name")[:MOST_PEOPLE])
    exactly = [key for key, login_name in rows if login_name.lower() == text.lower()]
    return exactly or [key for key, _ in rows]


def objects_named(text: str) -> list[UUID]:
    """The rows meant by a case's number, a login name or an id."""
    if as_id := _id(text):
        return [as_id]
    cases = Case.objects.filter(number=text.upper()).values_list("pk", flat=True)
    people = User.objects.filter(Q(login_name__iexact=text) | Q(full_name=text)).values_list("pk", flat=True)
    return [*cases[:1], *people[:MOST_PEOPLE]]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def names_of(entries: Iterable[AuditEntry]) -> dict[UUID, str]:
    """What the rows that entries are about are called, by number or name: one query for each kind."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for entry in entries:
        if entry.object_id is not None:
            wanted[entry.object_type].add(entry.object_id)
        for label, key in others(entry.detail):
            wanted[label].add(key)
    names: dict[UUID, str] = {}
    for label, ids in wanted.items():
        kind = model_name(label) or label
        names |= {id_: f"{kind} {str(id_)[-8:]}" for id_ in ids}
        if label in NAMED_BY:
            model: type[Model] = apps.get_model(label)
            rows = model._base_manager.filter(pk__in=ids).values_list("pk", *NAMED_BY[label])
            names |= {key: f"{kind} {' '.join(told)}" for key, *told in rows}
    return names


def login_names(people: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """Login names by id: what a link to a person's rows carries, so that the filter shows words and no id."""
    rows = User.objects.filter(pk__in={person for person in people if person}).values_list("pk", "login_name")
    return dict(rows)


def readers(by: Actor, search: Search, most: int = 10) -> list[tuple[UUID | None, str, int]]:
    """Who read personal values most among what a search finds (查阅人统计): id, name, times."""
    rows = records.entries(by, search).order_by().values("actor_id", "actor_name").annotate(times=Count("id"))
    return [(row["actor_id"], row["actor_name"], row["times"]) for row in rows.order_by("-times", "actor_name")[:most]]
