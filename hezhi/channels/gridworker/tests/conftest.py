"""The small district with the rights of a new installation."""

import pytest

from hezhi.chapters.appcentre.users.api import seed_roles
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import traced


@pytest.fixture
def district(db: None) -> District:
    """Everybody may do what the seed roles may."""
    district = build()
    traced()
    for seed in seed_roles():
        Role.objects.filter(code=seed.code).update(permissions=list(seed.permissions))
    return district
