"""Three administrators exclude one another and all business: the database says so, whoever asks."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from hezhi.engines.org.models import Holding, Post, Role
from hezhi.engines.org.testkit import hold, make_role, make_unit, make_user, traced
from hezhi.ground import time
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.clause("12.3-1")]
KINDS = ["business", "system_admin", "security_admin", "audit_admin"]


def post_of(kind: str) -> Post:
    role = make_role(f"role-{kind.replace('_', '-')}", kind=kind)
    return Post.objects.get_or_create(
        unit=make_unit(), role=role, defaults={"title": kind, "valid_from": time.today()}
    )[0]


def insert(user, post, start, end=None):
    """As somebody with a database console would do it, past all of our code."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO org_holding (id, post_id, user_id, reason, valid_from, valid_to) VALUES (%s, %s, %s, '', %s, %s)",
            [new_id(), post.pk, user.pk, start, end],
        )


@pytest.mark.parametrize("one", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_two_kinds_at_one_time_are_refused_and_one_kind_is_not(one, other):
    user, now = make_user("someone"), time.now()
    insert(user, post_of(one), now)
    if one == other:
        insert(user, post_of(other), now)
        return
    with pytest.raises(IntegrityError, match="two kinds"):
        insert(user, post_of(other), now)


def test_one_after_the_other_is_allowed():
    user, now = make_user("someone"), time.now()
    insert(user, post_of("business"), now - timedelta(days=9), now)
    insert(user, post_of("audit_admin"), now)
    assert user.holdings.count() == 2


def test_a_holding_cannot_be_stretched_over_one_of_another_kind():
    user, now = make_user("someone"), time.now()
    insert(user, post_of("business"), now - timedelta(days=9), now)
    insert(user, post_of("audit_admin"), now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Holding.objects.filter(post=post_of("business")).update(valid_to=None)


def test_neither_the_posts_role_nor_the_roles_kind_opens_a_back_door():
    user = make_user("someone")
    clerk = make_role("clerk")
    first = hold(user, clerk, make_unit())
    hold(user, make_role("clerk-too"), make_unit())
    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.filter(pk=first.post_id).update(role=post_of("security_admin").role)
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.filter(pk=clerk.pk).update(kind="system_admin", reach="nothing")


def test_an_administrators_role_never_sees_business_data():
    traced()
    with pytest.raises(IntegrityError, match="administrators_see_no_business_data"), transaction.atomic():
        Role.objects.create(code="sneaky", name="x", kind="system_admin", reach="district")


def test_a_stand_in_has_an_end():
    user, other = make_user("someone"), make_user("another")
    held = hold(user, make_role("clerk"), make_unit())
    with pytest.raises(IntegrityError, match="stand_in_has_an_end"), transaction.atomic():
        Holding.objects.create(post=held.post, user=other, deputy_of=held, valid_from=time.now())
