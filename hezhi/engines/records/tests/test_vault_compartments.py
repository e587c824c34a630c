"""Compartments of the vault (分隔): a text sealed in one opens with its own key and with no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hezhi.engines.records.vault import (
    KeyRingRefused,
    SealBroken,
    create_compartment,
    create_key_ring,
    resealed,
    ring,
    rotate,
    seal,
    unseal,
)
from hezhi.engines.records.vault.sealing import compartment_of

PLACE = "care_carefile.needs"


@pytest.fixture
def folder(tmp_path: Path, settings) -> Iterator[Path]:
    """A ring of this test's own."""
    settings.HEZHI_KEYS = tmp_path / "keys"
    create_key_ring(settings.HEZHI_KEYS)
    ring.cache_clear()
    yield settings.HEZHI_KEYS
    ring.cache_clear()


def test_a_compartment_has_a_key_of_its_own(folder):
    assert create_compartment("wing_a") and not create_compartment("wing_a")
    sealed = seal(PLACE, "需要陪同就诊", row="1", compartment="wing_a")
    assert sealed.startswith("v1@wing_a.") and compartment_of(sealed) == "wing_a"
    assert unseal(PLACE, sealed) == "需要陪同就诊"


def test_without_its_key_nobody_reads_it_and_the_rest_stays_readable(folder):
    create_compartment("wing_a")
    inside, outside = seal(PLACE, "内", compartment="wing_a"), seal(PLACE, "外")
    next(folder.glob("field@wing_a.v1.key")).unlink()
    ring.cache_clear()
    with pytest.raises(KeyRingRefused, match="field@wing_a"):
        unseal(PLACE, inside)
    assert unseal(PLACE, outside) == "外"


def test_a_value_does_not_open_under_the_key_of_another_compartment(folder):
    create_compartment("wing_a")
    create_compartment("wing_b")
    sealed = seal(PLACE, "内", compartment="wing_a")
    with pytest.raises(SealBroken):
        unseal(PLACE, sealed.replace("@wing_a", "@wing_b"))
    with pytest.raises(SealBroken):
        unseal(PLACE, sealed.replace("@wing_a", ""))


def test_nothing_is_sealed_in_a_compartment_that_was_never_made(folder):
    with pytest.raises(KeyRingRefused):
        seal(PLACE, "内", compartment="nowhere")


def test_a_strange_name_is_refused(folder):
    with pytest.raises(ValueError):
        create_compartment("../up")
    with pytest.raises(SealBroken):
        unseal(PLACE, "v1@../up.AAAA")


def test_a_rotation_keeps_the_compartment(folder):
    create_compartment("wing_a")
    old = seal(PLACE, "内", row="1", compartment="wing_a")
    assert rotate(folder, "field@wing_a") == "field@wing_a.v2.key"
    new = resealed(PLACE, old, row="1")
    assert new.startswith("v2@wing_a.") and unseal(PLACE, new) == "内" and unseal(PLACE, old) == "内"
    assert resealed(PLACE, new, row="1") == new
    with pytest.raises(ValueError):
        rotate(folder, "field@never_made")
