"""The ciphers agree with the public standards and notice each changed bit."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from hezhi.ground import crypto
from hezhi.ground.crypto_in_sets import FEW, ManySealer

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
keys = st.binary(min_size=16, max_size=16)


def test_the_block_cipher_is_the_one_of_gm_t_0002() -> None:
    block = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()
    assert block.update(KEY).hex() == "681edf34d206965e86b3e94f536e4246"


def test_the_sealed_mode_is_the_one_of_rfc_8998() -> None:
    box = crypto._EXAMPLE_BOX
    clear = crypto.decrypt(KEY, box, crypto._EXAMPLE_ASSOCIATED)
    assert clear.hex() == "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd" + (
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    assert crypto.encrypt(KEY, clear, crypto._EXAMPLE_ASSOCIATED, nonce=box[:12]) == box


@pytest.mark.parametrize(
    ("message", "fingerprint"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_the_fingerprint_is_the_one_of_gm_t_0004(message: bytes, fingerprint: str) -> None:
    assert crypto.sm3(message).hex() == fingerprint


@given(key=st.binary(max_size=100), data=st.binary(max_size=200))
def test_the_keyed_fingerprint_follows_its_definition(key: bytes, data: bytes) -> None:
    short = crypto.sm3(key) if len(key) > 64 else key
    block = short.ljust(64, b"\x00")
    inner = crypto.sm3(bytes(sign ^ 0x36 for sign in block) + data)
    assert crypto.hmac_sm3(key, data) == crypto.sm3(bytes(sign ^ 0x5C for sign in block) + inner)
    assert crypto.with_key(key)(data) == crypto.hmac_sm3(key, data)


@given(key=keys, clear=st.binary(max_size=500), place=st.binary(max_size=50))
def test_what_is_sealed_opens_again(key: bytes, clear: bytes, place: bytes) -> None:
    box = crypto.encrypt(key, clear, place)
    assert crypto.decrypt(key, box, place) == clear
    assert len(clear) < 4 or clear not in box


@given(key=keys, lengths=st.lists(st.integers(0, 70), max_size=5), place=st.binary(max_size=50), data=st.data())
def test_many_boxes_made_at_once_are_the_boxes_made_one_by_one(
    key: bytes, lengths: list[int], place: bytes, data: st.DataObject
) -> None:
    seed = data.draw(st.binary(min_size=16, max_size=16))
    bytes_of = Cipher(algorithms.SM4(seed), modes.CTR(bytes(16))).encryptor()
    clears = [bytes_of.update(bytes(length)) for length in lengths for _ in range(FEW + 1)]
    nonces = [bytes_of.update(bytes(12)) for _ in clears]
    one_by_one = [crypto.encrypt(key, text, place, nonce=nonce) for text, nonce in zip(clears, nonces, strict=True)]
    assert ManySealer(key).encrypt(clears, nonces, place) == one_by_one


@given(clear=st.binary(max_size=40), data=st.data())
def test_one_changed_bit_anywhere_is_noticed(clear: bytes, data: st.DataObject) -> None:
    box = bytearray(crypto.encrypt(KEY, clear, b"resident.phone"))
    bit = data.draw(st.integers(0, len(box) * 8 - 1))
    box[bit // 8] ^= 1 << bit % 8
    with pytest.raises(crypto.Tampered):
        crypto.decrypt(KEY, bytes(box), b"resident.phone")


@given(box=st.binary(max_size=80))
def test_rubbish_is_never_opened(box: bytes) -> None:
    with pytest.raises(crypto.Tampered):
        crypto.decrypt(KEY, box)


def test_a_box_carried_to_another_column_does_not_open() -> None:
    box = crypto.encrypt(KEY, b"13800000000", b"resident.phone")
    with pytest.raises(crypto.Tampered):
        crypto.decrypt(KEY, box, b"resident.note")


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert len({crypto.encrypt(KEY, b"same") for _ in range(200)}) == 200


def test_a_given_nonce_has_the_right_length_and_follows_from_all_its_parts() -> None:
    with pytest.raises(ValueError, match="12"):
        crypto.encrypt(KEY, b"x", nonce=b"short")
    assert crypto.synthetic_nonce(KEY, b"ab", b"c") == crypto.synthetic_nonce(KEY, b"ab", b"c")
    assert crypto.synthetic_nonce(KEY, b"ab", b"c") != crypto.synthetic_nonce(KEY, b"a", b"bc")


def test_a_blind_index_keeps_kinds_apart_and_needs_its_key() -> None:
    index = crypto.blind_index(KEY, "phone", "13800000000")
    assert index == crypto.blind_index(KEY, "phone", "13800000000")
    assert index != crypto.blind_index(KEY, "bank_card", "13800000000")
    assert index != crypto.blind_index(bytes(16), "phone", "13800000000")
    assert index != crypto.sm3(b"13800000000")


@given(rows=st.lists(st.binary(max_size=20), max_size=8), cut=st.integers(0, 8))
def test_a_chain_does_not_mind_how_it_is_cut(rows: list[bytes], cut: int) -> None:
    whole = crypto.chain(crypto.CHAIN_START, rows)
    assert crypto.chain(crypto.chain(crypto.CHAIN_START, rows[:cut]), rows[cut:]) == whole


@given(rows=st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=8, unique=True), data=st.data())
def test_a_chain_notices_a_row_changed_lost_or_moved(rows: list[bytes], data: st.DataObject) -> None:
    whole = crypto.chain(crypto.CHAIN_START, rows)
    at = data.draw(st.integers(0, len(rows) - 1))
    lost = rows[:at] + rows[at + 1 :]
    changed = [*rows[:at], rows[at] + b"!", *rows[at + 1 :]]
    moved = rows[1:] + rows[:1]
    for other in (lost, changed, moved):
        assert crypto.chain(crypto.CHAIN_START, other) != whole


def test_a_chain_refuses_a_link_that_is_none() -> None:
    with pytest.raises(ValueError, match="32"):
        crypto.chain(hashlib.sha1(b"x").digest(), [])


def test_secrets_are_compared_whole_and_tokens_differ() -> None:
    assert crypto.same("验证码", "验证码".encode())
    assert not crypto.same("123456", "123457")
    assert len({crypto.random_token() for _ in range(100)}) == 100


def test_the_self_check_passes_here_and_speaks_when_an_algorithm_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    crypto.check_algorithms()
    monkeypatch.setattr(crypto, "sm3", lambda data: bytes(32))
    with pytest.raises(crypto.AlgorithmMissing):
        crypto.check_algorithms()
