"""The district of early warning, with people who watch the situation."""

import pytest

from hezhi.chapters.awareness.early_warning.tests.conftest import (  # noqa: F401
    _fresh_stream,
    as_,
    burst,
    clock,
    tell,
)
from hezhi.chapters.awareness.early_warning.tests.conftest import district as early_district  # noqa: F401
from hezhi.chapters.cases.intake.testkit import District
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import traced


@pytest.fixture
def district(early_district: District) -> District:  # noqa: F811
    """Duty chief and town dispatchers watch; the duty chief keeps the templates."""
    traced()
    for code, more in (("duty_chief", {"situation.view", "situation.edit"}), ("town_dispatcher", {"situation.view"})):
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *more}))
    return early_district
