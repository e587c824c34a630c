"""A key is rotated from end to end (密钥轮换): nothing is lost, the new key alone is enough, the audit tells of it."""

from pathlib import Path

import pytest

from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import make_role
from hezhi.engines.records import files, vault
from hezhi.engines.records.key_rotation import rotate_key
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.tests.test_files import table
from hezhi.ground.errors import NotNow

pytestmark = [pytest.mark.django_db, pytest.mark.clause("12.3-1")]
BY = system("密钥轮换")


def without(home: Path, name: str) -> None:
    (home / "keys" / name).unlink()
    vault.ring.cache_clear()


@pytest.fixture
def row(officer) -> Role:
    """Any row that files may belong to."""
    return make_role("any_row")


@pytest.fixture
def open_to_all(monkeypatch):
    """The chapter lets everybody open its files."""
    monkeypatch.setattr(files, "_guards", {"org.role": lambda actor, row_id, attachment: True})


def test_files_open_with_the_new_key_alone(officer, row, home: Path, open_to_all) -> None:
    [kept] = files.keep_files(officer, row, [table()])
    done = rotate_key("file", by=BY)
    assert (done.file, dict(done.carried)) == ("file.v2.key", {"records_attachment.sealed_key": 1})
    without(home, "file.v1.key")
    kept.refresh_from_db()
    assert files.open_file(kept)[0]


def test_the_next_version_stands_in_the_audit_and_old_seals_need_no_carrying(home: Path) -> None:
    assert rotate_key("audit", by=BY).file == "audit.v2.key"
    assert vault.ring().current("audit").version == 2
    entries = AuditEntry.objects.filter(event="records.rotate_key").order_by("id")
    assert list(entries.values_list("detail", flat=True)) == [
        {"purpose": "audit", "key": "audit.v2.key"}, {"purpose": "audit", "rows": 0},
    ]  # fmt: skip


@pytest.mark.parametrize("purpose", ["field", "blind"])
def test_who_may_not_rewrite_history_makes_no_key(home: Path, purpose: str) -> None:
    with pytest.raises(NotNow, match="DATABASE_OWNER_URL"):
        rotate_key(purpose, by=BY)
    assert not (home / f"keys/{purpose}.v2.key").exists()


def test_what_was_cut_off_goes_on_without_another_key(officer, row, home: Path, open_to_all) -> None:
    files.keep_files(officer, row, [table()])
    vault.rotate(home / "keys", "file")
    done = rotate_key("file", by=BY, go_on=True)
    assert done.file == "" and sum(done.carried.values()) == 1
    assert not (home / "keys/file.v3.key").exists()
    assert sum(rotate_key("file", by=BY, go_on=True).carried.values()) == 0


def test_a_purpose_that_is_none_is_refused(home: Path) -> None:
    with pytest.raises(ValueError, match="shoe"):
        rotate_key("shoe", by=BY)
