"""What was removed is erased when its term is over, with its history and all that hangs on it."""

from datetime import timedelta

import pytest

from hezhi.engines.dossier.models import Visit
from hezhi.engines.org.testkit import traced
from hezhi.engines.records.models import AuditEntry, Comment
from hezhi.engines.registry import actions, jobs
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.history import versions_of
from hezhi.ground import time

pytestmark = pytest.mark.django_db


def remove(world: World, days: int) -> object:
    row = world.rows()[0]
    visit = {"visited_on": str(time.today()), "visitor": "林样例", "purpose": "例行", "finding": "身体尚好"}
    slug = world.registry.slug
    assert world.client().post(f"/r/{slug}/{row.pk}/?tab=visits", visit).status_code == 302
    actions.remove(world.registry, row.pk, by=world.by(world.officer), reason="迁出")
    traced()
    type(row).objects.filter(pk=row.pk).update(removed_at=time.now() - timedelta(days=days))
    return row


def test_a_removed_person_is_erased_after_thirty_days_history_included(residents: World) -> None:
    row, fresh = remove(residents, 31), remove(residents, 29)
    assert jobs.purge() == 1
    model = type(row)
    assert list(model.objects.values_list("pk", flat=True)) == [fresh.pk]
    assert not versions_of(model)._default_manager.filter(pgh_obj_id=row.pk).exists()
    assert not Visit.of(row).exists() and not versions_of(Visit)._default_manager.filter(object_id=row.pk).exists()
    assert Visit.of(fresh).count() == 1
    assert AuditEntry.objects.filter(event="records.erase", object_id=row.pk).count() == 1
    assert not Comment.objects.filter(object_id=row.pk).exists()


def test_what_is_not_personal_stays_unless_the_declaration_names_a_term(
    houses: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = remove(houses, 400)
    assert jobs.purge() == 0
    monkeypatch.setattr(type(houses.registry), "purged_after", 365)
    assert jobs.purge() == 1 and not type(row).objects.filter(pk=row.pk).exists()
