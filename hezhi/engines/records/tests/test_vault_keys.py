"""Keys lie in files that only their owner can read, prove themselves, and hide."""

import copy
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.records import vault
from hezhi.engines.records.vault import keys
from hezhi.ground import crypto


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation's folder with a ring of its own."""
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("home")
    vault.create_key_ring(folder / "keys")
    with override_settings(HEZHI_HOME=folder):
        keys.ring.cache_clear()
        yield folder
    keys.ring.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vault.create_key_ring(tmp_path / "keys")
    return tmp_path / "keys"


def refused(folder: Path) -> vault.KeyRingRefused:
    with pytest.raises(vault.KeyRingRefused) as letter:
        vault.KeyRing(folder)
    assert letter.value.meaning and letter.value.remedy
    return letter.value


def test_a_new_ring_has_every_purpose_and_nobody_else_can_read_it(folder: Path) -> None:
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["audit.v1.key", "blind.v1.key", "field.v1.key", "file.v1.key"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o400}
    assert folder.stat().st_mode & 0o777 == 0o700
    ring = vault.KeyRing(folder)
    secrets = [ring.current(purpose).secret for purpose in keys.PURPOSES]
    assert [len(secret) for secret in secrets] == list(keys.PURPOSES.values())
    assert len(set(secrets)) == 4


def test_making_a_ring_again_changes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert vault.create_key_ring(folder) == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_two_processes_that_start_together_agree_on_one_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one sees no key, makes its own, and then finds the quicker one's in place."""
    folder = tmp_path / "keys"
    vault.create_key_ring(folder)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    assert vault.create_key_ring(folder) == []
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


@pytest.mark.parametrize("mode", [0o600, 0o440, 0o404, 0o644, 0o777])
def test_a_key_that_lies_open_is_refused_with_the_command_that_mends_it(folder: Path, mode: int) -> None:
    (folder / "field.v1.key").chmod(mode)
    letter = refused(folder)
    assert f"field.v1.key 的权限是 {mode:04o}，应为 0400" in letter.what
    assert "chmod 0400 field.v1.key" in letter.remedy


def test_a_folder_that_others_may_write_into_is_refused(folder: Path) -> None:
    folder.chmod(0o770)
    assert "允许其他用户写入" in refused(folder).what


def test_a_key_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(folder / "field.v1.key", 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert "不属于运行本系统的用户" in refused(folder).what


def test_a_missing_key_is_never_silently_replaced(folder: Path) -> None:
    (folder / "blind.v1.key").unlink()
    letter = refused(folder)
    assert "blind" in letter.what and "恢复" in letter.remedy


@pytest.mark.parametrize("damage", ["", "field v1 AAAA 00000000\n", "rubbish"])
def test_a_damaged_key_is_refused(folder: Path, damage: str) -> None:
    path = folder / "field.v1.key"
    path.unlink()
    path.write_text(damage)
    path.chmod(0o400)
    assert "已损坏" in refused(folder).what


def test_one_wrong_letter_in_a_key_is_noticed(folder: Path) -> None:
    path = folder / "field.v1.key"
    text = path.read_text()
    path.unlink()
    path.write_text(text[:12] + ("A" if text[12] != "A" else "B") + text[13:])
    path.chmod(0o400)
    assert "已损坏" in refused(folder).what


def test_a_key_under_another_name_is_refused(folder: Path) -> None:
    (folder / "audit.v1.key").rename(folder / "audit.v2.key")
    assert "被改了名字" in refused(folder).what


def test_keys_hide_themselves_and_do_not_travel(folder: Path) -> None:
    ring = vault.KeyRing(folder)
    key = ring.current("field")
    for shown in (repr(ring), str(ring), repr(key), str(key)):
        assert key.secret.hex() not in shown and repr(key.secret) not in shown
    assert "field v1" in repr(ring)
    for secret in (ring, key):
        with pytest.raises(TypeError, match="travel"):
            copy.deepcopy(secret)


def test_rotation_adds_a_version_and_keeps_the_old(home: Path) -> None:
    old = vault.seal("person.phone", "13800000000")
    assert old.startswith("v1.")
    assert keys.rotate(home / "keys", "field") == "field.v2.key"
    new = vault.seal("person.phone", "13800000000")
    assert new.startswith("v2.")
    assert vault.unseal("person.phone", old) == vault.unseal("person.phone", new) == "13800000000"
    assert vault.resealed("person.phone", new) == new
    assert vault.unseal("person.phone", vault.resealed("person.phone", old)) == "13800000000"
    assert vault.resealed("person.phone", old).startswith("v2.") and vault.resealed("x", "") == ""
    with pytest.raises(ValueError, match="shoe"):
        keys.rotate(home / "keys", "shoe")


def test_a_process_that_slept_through_a_rotation_reads_the_new_values(home: Path) -> None:
    sleeping = keys.ring()
    name = keys.rotate(home / "keys", "field")
    sealed = vault.seal("person.phone", "x")
    keys.ring.cache_clear()
    hidden = (home / "keys" / name).rename(home / "aside")
    assert keys.ring().current("field").version == sleeping.current("field").version
    with pytest.raises(vault.KeyRingRefused) as letter:
        vault.unseal("person.phone", sealed)
    assert name in letter.value.remedy and letter.value.status == 503
    hidden.rename(home / "keys" / name)
    assert vault.unseal("person.phone", sealed) == "x"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.text(max_size=10))
def test_what_is_sealed_opens_again(clear: str, row: str) -> None:
    sealed = vault.seal("t.c", clear, row=row)
    assert vault.unseal("t.c", sealed) == clear
    assert (sealed == "") == (clear == "")
    assert len(clear) < 4 or clear not in sealed


def test_the_same_text_of_the_same_row_seals_alike_and_of_another_row_does_not() -> None:
    assert vault.seal("t.c", "王芳", row="1") == vault.seal("t.c", "王芳", row="1")
    assert vault.seal("t.c", "王芳", row="1") != vault.seal("t.c", "王芳", row="2")
    assert vault.seal("t.c", "王芳", row="1")[:20] != vault.seal("t.c", "王芬", row="1")[:20]
    assert vault.seal("t.c", "王芳") != vault.seal("t.c", "王芳")


@given(st.text(max_size=60))
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    if text:
        with pytest.raises((vault.SealBroken, vault.KeyRingRefused)):
            vault.unseal("t.c", text)


def test_a_value_changed_or_moved_does_not_open_and_the_log_holds_no_value(caplog: pytest.LogCaptureFixture) -> None:
    sealed = vault.seal("person.phone", "13800000000")
    swapped = sealed[:-6] + ("AAAA" if sealed[-6:-2] != "AAAA" else "BBBB") + sealed[-2:]
    for place, value in (("person.note", sealed), ("person.phone", swapped), ("person.phone", sealed + "?")):
        with pytest.raises(vault.SealBroken) as letter:
            vault.unseal(place, value)
        assert "完整性校验" in str(letter.value)
    assert "person.phone" in caplog.text
    assert "13800000000" not in caplog.text and sealed not in caplog.text


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "138 0000 0000", "+86-13800000000"),
        ("phone", "（0532）86000000", "0532-86000000"),
        ("care.phone", "１３８００００００００", "13800000000"),
        ("resident_id", "99999919900101001x", "999999 19900101 001X"),
        ("resident_id", "999999900101001", None),
        ("plate", "鲁B·12345", "鲁b12345"),
        ("name", "张　三", "张三"),
    ],
)
def test_a_print_does_not_mind_how_a_value_is_written(kind: str, one: str, other: str | None) -> None:
    if other is None:
        first_17 = "99999919900101001"
        from hezhi.ground.identifiers import id_check_sign

        other = first_17 + id_check_sign(first_17)
    assert vault.blind(kind, one) == vault.blind(kind, other)
    assert len(vault.blind(kind, one)) == 64


def test_prints_of_two_kinds_or_realms_do_not_meet_and_empty_has_none() -> None:
    assert vault.blind("phone", "13800000000") != vault.blind("care.phone", "13800000000")
    assert vault.blind("phone", "13800000000") != crypto.sm3(b"13800000000").hex()
    assert vault.blind("phone", "") == "" == vault.blind("phone", " ")


def test_files_are_sealed_to_their_own_id() -> None:
    sealed = vault.seal_bytes("attachment 1", b"picture")
    assert b"picture" not in sealed
    assert vault.unseal_bytes("attachment 1", sealed) == b"picture"
    for about, value in (("attachment 2", sealed), ("attachment 1", sealed[:-1]), ("attachment 1", b"picture")):
        with pytest.raises(vault.SealBroken):
            vault.unseal_bytes(about, value)


def test_a_rows_fingerprint_notices_a_change_and_outlives_a_rotation(home: Path) -> None:
    told = vault.mac(b"row 1")
    keys.rotate(home / "keys", "audit")
    assert vault.mac_fits(b"row 1", told) and vault.mac_fits(b"row 1", vault.mac(b"row 1"))
    assert not vault.mac_fits(b"row 2", told)
    assert not vault.mac_fits(b"row 1", told[:-1])
