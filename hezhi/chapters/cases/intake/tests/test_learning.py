"""The classifier learns from officers at night, keeps only what is better, and never hears a secret (9.1.2-1)."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Category
from hezhi.chapters.cases.intake import learning
from hezhi.chapters.cases.intake.models import Correction
from hezhi.chapters.cases.intake.queries import suggest
from hezhi.chapters.cases.intake.testkit import District, build, case_of
from hezhi.engines.analysis.text import classify, correct
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.time import SHANGHAI

pytestmark = pytest.mark.clause("9.1.2-1")

NIGHT = datetime(2026, 11, 24, 2, 30, tzinfo=SHANGHAI)
MATTERS = ("晾衣绳拴在树上", "晾晒被褥占用绿地", "住户在路口晒粮食", "楼道里晾衣服挡路", "阳台外晾衣杆松动")


@pytest.fixture
def district(db: None) -> District:
    """Made for each test while its clock stands."""
    return build()


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(learning, "folder", lambda: tmp_path / "model")
    learning._loaded.cache_clear()
    return tmp_path / "model"


def corrected(district: District, count: int) -> None:
    """Messages of one kind that officers keep putting under a label the model does not expect there."""
    traced()
    chosen = Category.objects.create(code="99", name="晾晒占道", full_name="晾晒占道", path="99", label="晾晒管理")
    for n in range(count):
        matter = MATTERS[n % len(MATTERS)]
        place = "东西南北中上下前后左右"[n % 11] + "一二三四五六七八九"[n % 9]
        receipt = district.report(f"{place}街{matter}，第{n}次反映，电话19973915501", title=matter)
        actions.accept(receipt.id, by=district["centre.acceptor"], category_id=chosen.pk)
        if not Correction.objects.filter(case=receipt.id).exists():
            Correction.objects.create(case=case_of(receipt), suggested="", chosen="99", at=time.now())


def test_what_officers_chose_is_learnt_at_night_and_used_from_then_on(
    clock: time.FrozenClock, district: District, own_folder: Path
) -> None:
    corrected(district, 40)
    assert learning.nightly() == 0, "nothing is learnt in office hours"
    clock.move_to(NIGHT)
    assert learning.nightly() >= 40
    assert learning.nightly() == 0, "once a night"
    assert learning.model_in_use() is not classify.shipped()
    assert classify.suggest("晾衣绳拴在树上", "晾衣绳拴在树上", learning.model_in_use()).best == "晾晒管理"
    assert suggest("晾衣绳拴在树上", "晾衣绳拴在树上")["category"] == "99"
    told = AuditEntry.objects.get(event="intake.learn").detail
    assert told["kept"] and told["after"] > told["before"]
    assert not Correction.objects.filter(learnt_at__isnull=True).exists()


def test_a_model_that_is_no_better_is_not_kept(
    district: District, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(district, 31)
    same = lambda base, choices: correct.Refit(base, len(list(choices)), 0.8, 0.8)  # noqa: E731
    monkeypatch.setattr(learning.correct, "refit", same)
    assert learning.learn() >= 31
    assert learning.newest() is None and learning.model_in_use() is classify.shipped()


def test_too_few_choices_wait(district: District) -> None:
    corrected(district, 3)
    assert learning.learn() == 0
    assert Correction.objects.filter(learnt_at__isnull=True).exists()


def test_secret_cases_and_personal_values_never_reach_the_learner(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(district, 31)
    case = Correction.objects.order_by("at")[0].case
    traced()
    type(case).objects.filter(pk=case.pk).update(secret=True, title="保密诉求", text="绝密晾晒线索")
    heard: list[correct.Correction] = []

    def listen(base: object, choices: Iterable[correct.Correction]) -> correct.Refit:
        heard.extend(choices)
        return correct.Refit(classify.shipped(), len(heard), 1.0, 1.0)

    monkeypatch.setattr(learning.correct, "refit", listen)
    learning.learn()
    words = "".join(choice.title + choice.text for choice in heard)
    assert heard and "绝密" not in words and "19973915501" not in words


def test_a_damaged_model_is_left_aside(district: District, own_folder: Path) -> None:
    (own_folder / "20260306023000").mkdir(parents=True)
    (own_folder / "20260306023000" / "model.json").write_text("{")
    assert learning.model_in_use() is classify.shipped()
    assert suggest("路灯不亮", "路灯不亮已经三天")


def test_the_page_tells_how_good_each_label_is_what_is_mistaken_and_what_was_learnt(
    clock: time.FrozenClock, district: District, own_folder: Path
) -> None:
    officer = enter(Client(), district.people["centre.acceptor"])
    page = officer.get("/cases/model/").content.decode()
    checked = classify.shipped().notes["cross_validation"]
    for label, x in checked["labels"].items():
        assert f'<th scope="row">{label}</th><td class="is-number">{x["precision"]:.1%}' in page
    assert str(checked["confusion"]["商贸旅游"]["城乡建设"]) in page and "还没有学习过" in page
    corrected(district, 40)
    clock.move_to(NIGHT)
    learning.nightly()
    page = enter(officer, district.people["centre.acceptor"]).get("/cases/model/").content.decode()
    assert "已学习本地" in page and "启用新模型" in page
