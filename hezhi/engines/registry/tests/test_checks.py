"""A declaration with a fault stops the start, with a sentence that names it."""

from typing import Any

import pytest

from hezhi.engines.org.models import Post, User
from hezhi.engines.registry.checks import check_declarations, problems
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Part
from hezhi.engines.registry.scope import public


class Fussy(Part):
    """A part that is never content."""

    def problems(self, registry: Registry) -> tuple[str, ...]:
        return ("a care file must not be exported.",)


SOUND: dict[str, Any] = {
    "model": Post, "slug": "sound", "title": "岗位", "clause": "10.1-3", "right": "posts", "scope": public,
    "list": ("title", "unit"), "natural_key": ("unit", "title"), "ordering": ("title",),
    "form": (("岗位", ("unit", "title", "role", "valid_from")),),
}  # fmt: skip


def faults(**changed: Any) -> str:
    declared = type("Sound", (Registry,), SOUND | changed)()
    return " ".join(f"{code} {said}" for code, said in problems(declared))


def test_a_sound_declaration_has_no_fault() -> None:
    assert faults() == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": None}, "no model"),
        ({"list": ("title", "colour")}, "list names 'colour'"),
        ({"filters": ("role__colour",)}, "filters names 'role__colour'"),
        ({"ordering": ("-colour",)}, "ordering names 'colour'"),
        ({"form": (("岗位", ("unit", "colour")),)}, "form names 'colour'"),
        ({"clause": ""}, "neither the clause"),
        ({"slug": "Ab c"}, "'Ab c'"),
        ({"right": ""}, "names no right"),
        ({"list": ()}, "no columns"),
        ({"scope": Registry.scope}, "no `visible_to`"),
        ({"personal": ("title",)}, "names no purpose"),
        ({"masked": ("title",), "ordering": ("valid_from",)}, "without naming it in `personal`"),
        ({"personal": ("title",), "purpose": "x", "masked": {"title": "name"}}, "sorts by it"),
        ({"personal": ("title",), "purpose": "x", "masked": {"title": "name"}, "ordering": ("valid_from",),
          "search": ("title",)}, "so the mask would not hold"),
        ({"offers": ("view", "fly")}, "'fly'"),
        ({"form": ()}, "declares no form"),
        ({"natural_key": ()}, "no `natural_key`"),
        ({"natural_key": ("valid_to",)}, "not in the form"),
        ({"bulk": ("valid_to",)}, "edits 'valid_to' in bulk"),
        ({"on_map": "title"}, "which is no geometry"),
        ({"parts": (Fussy(),)}, "Fussy: a care file must not be exported."),
    ],
)  # fmt: skip
def test_each_fault_is_told_in_a_sentence(changed: dict[str, Any], said: str) -> None:
    assert said in faults(**changed)


def test_a_reason_stands_in_for_a_clause() -> None:
    assert faults(clause="", reason="the engine's own table") == ""


def test_removal_is_refused_where_the_table_cannot_do_it() -> None:
    people = {"model": User, "list": ("full_name",), "natural_key": (), "form": (), "ordering": ("login_name",)}
    assert "none of removed_at" in faults(**people, offers=("view", "delete"), removal="")


def test_the_house_itself_declares_soundly() -> None:
    from hezhi.engines.registry.site import registries

    assert {registry.slug: problems(registry) for registry in registries() if problems(registry)} == {}


def test_a_declaration_can_be_told_in_words() -> None:
    from hezhi.engines.registry.describe import describe

    told = describe("categories")
    for word in ("事件类别", "9.1.2-2", "/r/categories/import/", "/api/v1/categories/", "dictionaries.edit", "urgency"):
        assert word in told


def test_two_registries_of_one_name_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from hezhi.engines.registry.site import registries

    first, second = registries()[:2]
    twin = type(type(first).__name__, (type(second),), {})()
    monkeypatch.setattr("hezhi.engines.registry.checks.registries", lambda: [first, twin])
    assert [each.id for each in check_declarations(None)] == ["registry.E031"]
