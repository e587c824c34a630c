"""Videos at the door: told by what lies inside, emptied of what the camera wrote, refused when broken or something else."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hezhi.ground.uploads import DOCUMENTS, PICTURES, VIDEOS, UploadRefused, inspect_upload
from hezhi.ground.uploads.videos import kind_of_video, without_words

pytestmark = pytest.mark.clause("9.1.3-3-4")
PLACE = b"+36.0021+120.1530/"


def box(name: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return (len(body) + 8).to_bytes(4) + name + body


def track(kind: bytes) -> bytes:
    return box(b"trak", box(b"udta", PLACE), box(b"mdia", box(b"hdlr", bytes(8), kind, bytes(12))))


def mp4(*tracks: bytes, brand: bytes = b"isom") -> bytes:
    moov = box(
        b"moov", box(b"mvhd", bytes(20)), *(track(each) for each in tracks), box(b"udta", box(b"\xa9xyz", PLACE))
    )
    return box(b"ftyp", brand, bytes(4), b"mp42" if brand == b"isom" else brand) + moov + box(b"mdat", b"picture" * 9)


def element(name: str, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return bytes.fromhex(name) + (len(body) | 1 << 56).to_bytes(8) + body


def webm(doc_type: bytes = b"webm", *more: bytes) -> bytes:
    head = element("1A45DFA3", element("4282", doc_type))
    info = element("1549A966", element("7BA9", PLACE), element("2AD7B1", b"\x0f\x42\x40"))
    return head + element("18538067", info, element("1254C367", PLACE), *more, element("1F43B675", b"\xe7\x81\x00"))


def refused(content: bytes, name: str = "样例.mp4", allowed=VIDEOS) -> str:
    with pytest.raises(UploadRefused) as letter:
        inspect_upload(io.BytesIO(content), allowed, name=name)
    return letter.value.short_code


@pytest.mark.parametrize(("content", "name", "kind"), [(mp4(b"vide", b"soun"), "a.mp4", "video/mp4"), (webm(), "a.webm", "video/webm")])  # fmt: skip
def test_a_video_keeps_its_length_and_loses_where_it_was_taken(content: bytes, name: str, kind: str) -> None:
    checked = inspect_upload(io.BytesIO(content), VIDEOS, name=name)
    kept = checked.content
    assert kept is not None and checked.content_type == kind and len(kept) == len(content) == checked.size
    assert PLACE in content and PLACE not in kept
    assert kind_of_video(kept) == checked.kind and without_words(kept, checked.kind) == kept
    if kind == "video/mp4":
        assert kept.index(b"mdat") == content.index(b"mdat") and b"picture" * 9 in kept


def test_what_is_not_a_plain_video_is_refused_in_words() -> None:
    assert refused(mp4(b"soun")) == "damaged"
    assert refused(mp4(b"vide", b"meta")) == "sensor_track"
    assert refused(mp4(b"vide", brand=b"qt  ")) == "not_allowed"
    assert refused(webm(b"matroska"), "样例.webm") == "not_allowed"
    assert refused(mp4(b"vide")[:-3]) == "damaged"
    assert refused(webm()[:-1], "样例.webm") == "damaged"
    assert refused(b"<html><script>1</script></html>") == "disguised"
    assert refused(b"MZ" + bytes(80)) == "disguised"
    assert refused(mp4(b"vide"), "样例.jpg", PICTURES | DOCUMENTS) in ("disguised", "not_allowed")
    assert refused(b"\x00" * 64, "样例.mp4") in ("disguised", "not_allowed")


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([mp4(b"vide"), webm()]), st.integers(0, 400), st.binary(max_size=4), st.integers(0, 400))
def test_whatever_is_broken_is_refused_and_never_breaks_the_door(whole: bytes, at: int, put: bytes, cut: int) -> None:
    content = (whole[:at] + put + whole[at + len(put) :])[: len(whole) - cut % 7]
    try:
        kind = kind_of_video(content)
        assert len(without_words(content, kind)) == len(content)
    except UploadRefused as letter:
        assert letter.reason
