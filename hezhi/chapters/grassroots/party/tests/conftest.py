"""A small party office for tests (测试用的党组织): a town with its officers, two communities with a secretary each."""

import io
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hezhi.chapters.grassroots import party as room
from hezhi.chapters.grassroots.party import actions
from hezhi.chapters.grassroots.party.api import load_tables
from hezhi.chapters.grassroots.party.models import Member, PartyOrganisation
from hezhi.chapters.grassroots.registers.models import Building, Resident
from hezhi.chapters.grassroots.registers.tests.conftest import Quarter, make_quarter
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Unit, User
from hezhi.engines.org.testkit import enter, make_officer, make_role, traced
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import imports, site
from hezhi.engines.registry.contract import forget_who_made_this
from hezhi.ground.tables import write_rows
from hezhi.ground.testkit.kept import kept


@dataclass
class Party:
    """The people of the tests and the branch they keep."""

    quarter: Quarter
    officer: User
    second: User
    secretary: User
    other_secretary: User
    comrade: User
    passer_by: User
    top: PartyOrganisation
    branch: PartyOrganisation

    def by(self, user: User) -> Actor:
        return self.quarter.by(user)

    def browser(self, user: User) -> Client:
        client = enter(Client(), user)
        forget_who_made_this()
        return client

    def organisation(
        self,
        code: str,
        kind: str = "branch",
        parent: PartyOrganisation | None = None,
        by: User | None = None,
        **more: Any,
    ) -> PartyOrganisation:
        """An organisation entered through the registry's form, still a draft."""
        data = {
            "code": code, "name": f"样例{code}", "kind": kind, "founded_on": "2020-07-01", "founding_paper": "示例〔2020〕1 号",
            "parent": str(parent.pk) if parent else "", "community": str(self.quarter.community.pk),
        }  # fmt: skip
        return registry_actions.create(site.get("party-organisations"), data | more, by=self.by(by or self.secretary))

    def approved(self, code: str, kind: str = "branch", parent: PartyOrganisation | None = None, **more: Any):
        """The same, submitted and approved."""
        row = self.organisation(code, kind, parent, **more)
        asked = actions.submit(row, by=self.by(more.get("by") or self.secretary))
        self.answer(asked, self.officer)
        row.refresh_from_db()
        return row

    def answer(self, asked: Approval, user: User, *, grant: bool = True, opinion: str = "") -> Approval:
        return approvals.settle(asked, by=self.by(user), grant=grant, opinion=opinion)

    def waiting(self) -> Approval:
        return Approval.objects.get(state="waiting")

    def change(self, row: Any, slug: str = "party-organisations", by: User | None = None, **data: Any) -> Any:
        """Change some fields of a row through the registry's form."""
        acting = self.by(by or self.secretary)
        return registry_actions.change(site.get(slug), row.pk, data, by=acting, only=data)

    def member(
        self, person: Resident, organisation: PartyOrganisation | None = None, by: User | None = None, **more: Any
    ):
        data = {
            "resident": person.number, "organisation": str((organisation or self.branch).pk), "kind": "full",
            "joined_on": "2015-07-01", "flow": "none",
        }  # fmt: skip
        acting = self.by(by or self.secretary)
        found: Member = registry_actions.create(site.get("party-members"), data | more, by=acting)
        return found

    def sheet(self, headings: list[str], rows: list[list[str]]):
        """A sheet of members, looked through."""
        out = io.BytesIO()
        write_rows(out, "党员", headings, rows)
        upload = SimpleUploadedFile("样例.xlsx", out.getvalue())
        return imports.receive(site.get("party-members"), upload, by=self.by(self.secretary))


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Party]:
    """The party of all tests of a module; ask for `party`."""
    yield from kept(make_party, django_db_blocker)


@pytest.fixture
def party(made: Party, db: None) -> Party:
    """The town's committee with one branch in the first community, both approved."""
    return deepcopy(made)


def make_party() -> Party:
    """Make the quarter and its party; call it inside a transaction."""
    quarter = make_quarter()
    told = tomllib.loads((Path(room.__file__).parent / "data/rights.toml").read_text("utf-8"))
    roles = {row["code"]: make_role(row["code"], row["permissions"], reach=row["reach"]) for row in told["role"]}
    town = Unit.objects.get(code="901")
    first, other = (Unit.objects.get(area=area) for area in (quarter.community, quarter.other_community))
    officer = make_officer("party-officer", roles["party_officer"], town, "程样例")
    second = make_officer("party-second", roles["party_officer"], town, "温样例")
    secretary = make_officer("secretary", roles["branch_secretary"], first, "黎样例")
    other_secretary = make_officer("other-secretary", roles["branch_secretary"], other, "卓样例")
    walker = make_role("walker", ["party.take_part"], reach="area")
    comrade = make_officer("comrade", walker, first, "简样例")
    passer_by = make_officer("passer-by", walker, first, "叶样例")
    load_tables(by=system("测试"))
    traced()
    Building.objects.filter(pk=quarter.building.pk).update(point=quarter.grid.centre)
    forget_who_made_this()
    made = Party(quarter, officer, second, secretary, other_secretary, comrade, passer_by, None, None)  # type: ignore[arg-type]
    made.top = made.approved("DW01", "committee")
    made.branch = made.approved("ZB01", "branch", made.top, grid=str(quarter.grid.pk))
    return made
