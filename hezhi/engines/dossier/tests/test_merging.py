"""Two rows become one, with everything that hangs on them, and can become two again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models

from hezhi.engines.dossier.merging import merge, unmerge
from hezhi.engines.dossier.models import ExtraValues, Merging, Tagged, Tie, Visit
from hezhi.engines.org.testkit import traced
from hezhi.engines.records import comments
from hezhi.engines.records.models import Attachment, AuditEntry, Comment
from hezhi.engines.registry import actions, site
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.examples import make_rows
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotFound, NotNow
from hezhi.ground.ids import new_id

pytestmark = pytest.mark.django_db
HOUSES, RESIDENTS = "/r/test-houses/", "/r/test-residents/"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def two(world: World) -> tuple[models.Model, models.Model]:
    kept, gone = world.rows(2)
    return kept, gone


def hang_things_on(world: World, row: Any) -> None:
    """A lease, a file, a remark, a visit, a label and a value of an added field."""
    client, url = world.client(), f"{HOUSES}{row.pk}/"
    lease = make_rows(site.get("test-leases"), world.mine, world.officer)[0]
    traced()
    type(lease).objects.filter(pk=lease.pk).update(house=row)
    client.post(f"{url}?tab=files", {"files": SimpleUploadedFile("a.txt", b"abc def")})
    comments.add(row, "屋顶漏水", by=world.by(world.officer))
    visit = {"visited_on": str(time.today()), "visitor": "林样例", "purpose": "例行", "finding": "好"}
    client.post(f"{url}?tab=visits", visit)
    client.post(f"{url}?tab=tags", {"name": "待修缮"})
    traced()
    ExtraValues.objects.create(pk=row.pk, object_type="room_of_tests.house", values={"heating": "燃气"})


def points_to(row: Any) -> list[int]:
    return [
        row.leases.count(), Attachment.objects.filter(object_id=row.pk).count(), Comment.objects.filter(object_id=row.pk).count(),
        Visit.of(row).count(), Tagged.of(row).count(),
    ]  # fmt: skip


def test_everything_that_hangs_on_a_row_comes_along_and_goes_back(houses: World) -> None:
    kept, gone = two(houses)
    hang_things_on(houses, gone)
    made = merge(houses.registry, kept.pk, gone.pk, ["note"], by=houses.by(houses.officer), reason="同一处房屋")
    assert points_to(kept) == [1, 1, 1, 1, 1] and points_to(gone) == [0, 0, 0, 0, 0]
    assert ExtraValues.objects.get(pk=kept.pk).values == {"heating": "燃气"}
    note = gone.note
    kept.refresh_from_db(), gone.refresh_from_db()
    assert kept.note == note and gone.removed_at is not None
    unmerge(houses.registry, kept.pk, made.pk, by=houses.by(houses.officer), reason="核对有误")
    assert points_to(gone) == [1, 1, 1, 1, 1] and points_to(kept) == [0, 0, 0, 0, 0]
    kept.refresh_from_db(), gone.refresh_from_db()
    assert kept.note != note and gone.removed_at is None
    assert ExtraValues.objects.get(pk=kept.pk).values == {}


def test_the_page_lets_choose_field_by_field_and_the_history_says_it(houses: World) -> None:
    kept, gone = two(houses)
    page = text(houses.get(f"{HOUSES}{kept.pk}/merge/?with={gone.pk}"))
    assert kept.name in page and gone.name in page and 'name="take_name"' in page
    answer = houses.client().post(
        f"{HOUSES}{kept.pk}/merge/", {"with": str(gone.pk), "take_name": "gone", "reason": "同一处"}
    )
    assert answer.status_code == 302
    name = gone.name
    kept.refresh_from_db()
    assert kept.name == name
    told = text(houses.get(f"{HOUSES}{kept.pk}/?tab=history"))
    assert "合并" in told and "同一处" in told
    assert "已并入" in text(houses.get(f"{HOUSES}{gone.pk}/"))
    undo = f"{HOUSES}{kept.pk}/unmerge/{Merging.objects.get().pk}/"
    assert undo in text(houses.get(f"{HOUSES}{kept.pk}/"))
    assert houses.client().post(undo, {"reason": ""}).status_code == 422
    assert houses.client().post(undo, {"reason": "不是同一处"}).status_code == 302
    gone.refresh_from_db()
    assert gone.removed_at is None
    assert AuditEntry.objects.filter(event="room_of_tests.house.merge", object_id=kept.pk).count() == 1


def test_what_the_kept_row_has_already_is_not_doubled(houses: World) -> None:
    kept, gone = two(houses)
    for row in (kept, gone):
        hang_things_on(houses, row)
    merge(houses.registry, kept.pk, gone.pk, [], by=houses.by(houses.officer), reason="同一处")
    assert points_to(kept) == [2, 1, 2, 2, 1]


def test_a_touched_row_cannot_be_taken_apart_again(houses: World) -> None:
    kept, gone = two(houses)
    by = houses.by(houses.officer)
    made = merge(houses.registry, kept.pk, gone.pk, [], by=by, reason="同一处")
    actions.change(houses.registry, kept.pk, {"note": "又改了"}, by=by, only=["note"])
    with pytest.raises(NotNow):
        unmerge(houses.registry, kept.pk, made.pk, by=by, reason="核对有误")


def test_after_thirty_days_it_stays(houses: World) -> None:
    kept, gone = two(houses)
    by = houses.by(houses.officer)
    made = merge(houses.registry, kept.pk, gone.pk, [], by=by, reason="同一处")
    traced()
    Merging.objects.filter(pk=made.pk).update(at=time.now() - timedelta(days=31))
    with pytest.raises(NotFound):
        unmerge(houses.registry, kept.pk, made.pk, by=by, reason="核对有误")


def test_a_neighbours_row_cannot_be_merged_nor_found(houses: World) -> None:
    kept, other = houses.rows()[0], houses.rows(1, houses.theirs)[0]
    answer = houses.client().post(f"{HOUSES}{kept.pk}/merge/", {"with": str(other.pk), "reason": "同一处"})
    assert answer.status_code == 422
    with pytest.raises(NotFound):
        merge(houses.registry, kept.pk, other.pk, [], by=houses.by(houses.officer), reason="同一处")
    assert other.name not in text(houses.get(f"{HOUSES}{kept.pk}/merge/?with={other.pk}"))


def test_without_the_right_to_delete_nobody_merges(houses: World) -> None:
    kept, gone = two(houses)
    role = houses._role
    role.permissions = [p for p in role.permissions if not p.endswith(".delete")]
    traced()
    role.save()
    assert houses.get(f"{HOUSES}{kept.pk}/merge/").status_code == 403
    with pytest.raises(NotAllowed):
        merge(houses.registry, kept.pk, gone.pk, [], by=houses.by(houses.officer), reason="同一处")


def test_masked_values_stay_masked_side_by_side_and_the_true_one_is_kept(residents: World) -> None:
    kept, gone = residents.rows(2)
    page = text(residents.get(f"{RESIDENTS}{kept.pk}/merge/?with={gone.pk}"))
    assert kept.id_number not in page and gone.id_number not in page
    number = gone.id_number
    merge(residents.registry, kept.pk, gone.pk, ["id_number"], by=residents.by(residents.officer), reason="同一人")
    kept.refresh_from_db()
    assert kept.id_number == number


def test_a_tie_between_the_two_does_not_tie_the_kept_one_to_itself(residents: World) -> None:
    kept, gone = residents.rows(2)
    third = residents.rows()[0]
    url = f"{RESIDENTS}{gone.pk}/?tab=ties"
    told = {"kind": "guardian", "since": "2026-01-01", "source": "协议"}
    for other in (kept, third):
        assert residents.client().post(url, told | {"other": str(other.pk)}).status_code == 302
    merge(residents.registry, kept.pk, gone.pk, [], by=residents.by(residents.officer), reason="同一人")
    assert list(Tie.of(kept).values_list("other_id", flat=True)) == [third.pk]


def test_an_unknown_row_or_field_is_refused_in_words(houses: World) -> None:
    kept, gone = two(houses)
    url = f"{HOUSES}{kept.pk}/merge/"
    assert houses.client().post(url, {"with": str(new_id()), "reason": "同一处"}).status_code == 422
    assert houses.client().post(url, {"with": str(kept.pk), "reason": "同一处"}).status_code == 422
    bare = houses.client().post(url, {"with": str(gone.pk), "reason": ""})
    assert bare.status_code == 422 and "请写明合并的依据" in text(bare)
    assert isinstance(kept.pk, UUID)
