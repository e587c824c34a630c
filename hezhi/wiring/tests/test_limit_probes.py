"""Patches that change how the software behaves (行为补丁): laid on the running code, each is found by a probe that names its limit."""

import contextlib
import importlib

import pytest

from hezhi.chapters.grassroots.care import actions
from hezhi.chapters.grassroots.care.models import EmergencyEntry, Glass
from hezhi.chapters.grassroots.care.tests.conftest import keys, office  # noqa: F401
from hezhi.ground.errors import Refusal
from hezhi.wiring.tests.forbidden_house import FORBIDDEN, Patch, patches

pytestmark = [pytest.mark.clause("9.1.3-2-6"), pytest.mark.clause("9.1.3-2-7")]
PROBED = [patch for patch in patches(FORBIDDEN) if patch.probe]
WHY = "老人在平江路走失，需要马上联系监护人"


def glass_without_factor(office, settings):  # noqa: F811
    """In the demonstration as elsewhere, no file opens in an emergency without a fitting code."""
    settings.DEMO = True
    file = office.file()
    with pytest.MonkeyPatch.context() as context:
        context.setattr("hezhi.chapters.grassroots.care.actions.factor.has_factor", lambda user: True)
        with contextlib.suppress(Refusal):
            actions.break_glass(by=office["chief"], wanted=file.number, reason="missing", sentence=WHY, code="000000")
    assert not Glass.objects.exists(), "P7：没有验证第二因素就打开了档案"


def emergency_list(office, settings):  # noqa: F811
    """No person of a strict programme stands on the list of an emergency."""
    office.file("mental")
    with pytest.MonkeyPatch.context() as context:
        context.setattr("hezhi.chapters.grassroots.care.actions.emergencies.must_prove", lambda by, code: None)
        actions.open_emergency(
            by=office["chief"], incident="1", title="演练", area=office.areas["community"],
            readers=[office.people["neighbour"].pk], code="",
        )  # fmt: skip
    assert not EmergencyEntry.objects.exists(), "P7：严格保密的项目进了应急名单"


PROBES = {"glass_without_factor": glass_without_factor, "emergency_list": emergency_list}


def lay_on(patch: Patch, monkeypatch) -> None:
    """Put the patch's function in place of the one it names."""
    module = importlib.import_module(patch.path.removesuffix(".py").replace("/", "."))
    name = patch.within.removeprefix("def ")
    assert hasattr(module, name), f"{patch.name}: {patch.path} knows no {name}"
    space: dict = {}
    exec(patch.added, space)
    monkeypatch.setattr(module, name, space[name])


@pytest.mark.parametrize("patch", PROBED, ids=lambda patch: patch.name)
def test_a_patch_that_changes_behaviour_is_found_by_its_probe(office, settings, monkeypatch, patch):  # noqa: F811
    lay_on(patch, monkeypatch)
    with pytest.raises(AssertionError, match=patch.limit):
        PROBES[patch.probe](office, settings)


@pytest.mark.parametrize("probe", PROBES.values(), ids=list(PROBES))
def test_without_a_patch_the_probes_are_content(office, settings, probe):  # noqa: F811
    probe(office, settings)
