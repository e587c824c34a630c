"""The registries of the room."""

from typing import Any

from room_of_tests.models import House, Lease, Resident

from hezhi.engines.dossier.changes import ChangeRequests
from hezhi.engines.dossier.duplicates import Duplicates
from hezhi.engines.dossier.extra import ExtraFields
from hezhi.engines.dossier.lifecycle import Lifecycle, StateVerb
from hezhi.engines.dossier.maps import OnMap
from hezhi.engines.dossier.tags import Tags
from hezhi.engines.dossier.ties import Pointing, Relations, TieKind
from hezhi.engines.dossier.verified import Verified
from hezhi.engines.dossier.visits import Visits
from hezhi.engines.registry.abilities import Files, Remarks
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Gate, Part


class AskFirst(Part):
    """An export waits for somebody else's word."""

    def export_gate(self, registry: Registry, run: Any, by: Any) -> Gate:
        return Gate("waiting", "已提交审批。")


class TestHouses(Registry):
    """Houses (房屋)."""

    model = House
    slug, title, group, reason = "test-houses", "房屋台账", "测试", "a registry of the tests"
    right = "test_houses"
    list = ("name", "code", "state", "unit", "state_since", "last_visit", "verified", "tags")
    filters = ("state", "unit")
    search = ("name",)
    ordering = ("name",)
    natural_key = ("name",)
    form = (("基本信息", ("name", "code", "note", "shape")),)
    bulk = ("note",)
    on_map = "shape"
    parts = (
        Files(), Remarks(), Visits(("例行", "回访"), every=30), Tags(), ExtraFields(), Verified(), OnMap(),
        Lifecycle("state", (
            StateVerb("let", "出租", ("empty",), "let", ("新签合同", "续租")),
            StateVerb("end", "退租", ("let",), "empty", ("合同到期", "提前退租"), danger=True),
        )),
        Relations((Pointing("test-leases", "house", "租约"),), (TieKind("owner", "产权人", "test-residents", "名下房屋"),)),
        Duplicates((("name",),)), ChangeRequests({"code": "district"}),
    )  # fmt: skip


class TestLeases(Registry):
    """Leases (租约)."""

    model = Lease
    slug, title, group, reason = "test-leases", "租约台账", "测试", "a registry of the tests"
    right = "test_leases"
    list = ("name", "house", "unit")
    filters = ("house",)
    search = ("name",)
    ordering = ("name",)
    natural_key = ("name",)
    form = (("基本信息", ("name", "house")),)


class TestResidents(Registry):
    """Residents (居民)."""

    model = Resident
    slug, title, group, reason = "test-residents", "居民台账", "测试", "a registry of the tests"
    right = "test_residents"
    list = ("name", "gender", "birth_date", "id_number", "income", "unit")
    filters = ("gender", "unit")
    search = ("name",)
    ordering = ("created_at",)
    natural_key = ("name", "birth_date")
    form = (("基本信息", ("name", "gender", "birth_date", "id_number", "income")),)
    personal = ("name", "gender", "birth_date", "id_number", "income")
    masked = {"id_number": "resident_id"}
    column_rights = {"income": "test_residents.view_income"}
    purpose = "登记居民，提供社区服务"
    of_persons = True
    parts = (
        Visits(), ExtraFields(), Relations(ties=(TieKind("guardian", "监护人", "test-residents", "被监护人", "为照护联系监护人"),)),
        Duplicates((("name", "birth_date"), ("id_number_blind",))), AskFirst(),
    )  # fmt: skip

    def examples(self, n: int) -> dict[str, Any]:
        return {"gender": "12"[n % 2]}
