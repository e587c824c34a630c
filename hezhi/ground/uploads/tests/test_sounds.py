"""Recorded sound and filmed video of a report at the door (9.1.2-1): every one is hostile until its structure has been walked."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hezhi.ground.uploads import DOCUMENTS, FILMED, PICTURES, PLAYED, SOUNDS, VIDEOS, UploadRefused, inspect_upload
from hezhi.ground.uploads.tests.test_videos import PLACE, box, element, mp4, track, webm

pytestmark = pytest.mark.clause("9.1.2-1")
TAKEN = PLAYED | PICTURES | DOCUMENTS


def mvhd(seconds: int) -> bytes:
    return box(b"mvhd", bytes(12), (1000).to_bytes(4), (seconds * 1000).to_bytes(4), bytes(80))


def m4a(brand: bytes = b"M4A ") -> bytes:
    told = box(b"udta", box(b"\xa9xyz", PLACE))
    return box(b"ftyp", brand, bytes(4)) + box(b"moov", mvhd(7), track(b"soun"), told) + box(b"mdat", b"voice" * 9)


def sensing_mov(offset: int = 0) -> bytes:
    """A film of an iPhone: place in its words, and a track of samples that tell where it went."""
    samples = [b"GPS-36.0", b"GPS-36.1", b"GPS-36.2"]
    media = b"picture!" + samples[0] + samples[1] + b"picture!" + samples[2]

    def whole(at: int) -> bytes:
        table = box(
            b"stbl",
            box(b"stsz", bytes(8), (3).to_bytes(4), *[(8).to_bytes(4)] * 3),
            box(b"stsc", bytes(4), (2).to_bytes(4), *(n.to_bytes(4) for n in (1, 2, 1, 2, 1, 1))),
            box(b"stco", bytes(4), (2).to_bytes(4), (at + 8).to_bytes(4), (at + 32).to_bytes(4)),
        )
        sensor = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"meta", bytes(12)), box(b"minf", table)))
        words = box(b"meta", b"com.apple.quicktime.location.ISO6709", PLACE)
        head = box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + box(b"moov", mvhd(9), track(b"vide"), sensor, words)
        return head + box(b"mdat", media)

    return whole(len(whole(0)) - len(media))


def voice_webm() -> bytes:
    tracks = element("1654AE6B", element("AE", element("83", b"\x02")))
    return webm(b"webm", tracks)


def ogg_sum(page: bytes) -> int:
    """The sum of RFC 3533, bit by bit: another way than the program's."""
    rest = 0
    for byte in page:
        for bit in range(7, -1, -1):
            top = rest >> 31 ^ (byte >> bit & 1)
            rest = (rest << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if top else 0)
    return rest


def ogg_page(packet: bytes, *, kind: int, number: int, granule: int = 0) -> bytes:
    pieces = [255] * (len(packet) // 255) + [len(packet) % 255]
    head = b"OggS\0" + bytes([kind]) + granule.to_bytes(8, "little") + b"ONE!" + number.to_bytes(4, "little")
    page = head + bytes(4) + bytes([len(pieces), *pieces]) + packet
    return page[:22] + ogg_sum(page).to_bytes(4, "little") + page[26:]


def ogg() -> bytes:
    def word(text: bytes) -> bytes:
        return len(text).to_bytes(4, "little") + text

    tags = b"OpusTags" + word(b"recorder of a phone") + (2).to_bytes(4, "little")
    tags += word(b"LOCATION=" + PLACE) + word(b"DESCRIPTION=" + PLACE * 20)
    return (
        ogg_page(b"OpusHead\x01\x01" + bytes(9), kind=2, number=0)
        + ogg_page(tags, kind=0, number=1)
        + ogg_page(b"sound" * 30, kind=4, number=2, granule=96_000)
    )


def mp3() -> bytes:
    frame = b"\xff\xfb\x10\xc0" + bytes(100)
    return (
        b"ID3\x03\0\0"
        + bytes([0, 0, 1, 0])
        + (b"COMM" + PLACE).ljust(128, b"x")
        + frame * 50
        + b"TAG"
        + PLACE.ljust(125)
    )


def amr() -> bytes:
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * 100


SOUND = {"m4a": (m4a(), 7), "weba": (voice_webm(), 0), "ogg": (ogg(), 2), "mp3": (mp3(), 50 * 1152 / 44_100), "amr": (amr(), 2)}  # fmt: skip


def refused(content: bytes, name: str, allowed=TAKEN) -> str:
    with pytest.raises(UploadRefused) as letter:
        inspect_upload(io.BytesIO(content), allowed, name=name)
    return letter.value.short_code


@pytest.mark.parametrize("kind", SOUND)
def test_a_recording_keeps_its_length_and_loses_where_and_with_what_it_was_made(kind: str) -> None:
    content, seconds = SOUND[kind]
    checked = inspect_upload(io.BytesIO(content), TAKEN, name=f"录音.{kind}")
    kept = checked.content
    assert kept is not None and (checked.kind, len(kept)) == (kind, len(content)) and kind in SOUNDS
    assert checked.seconds == pytest.approx(seconds) and checked.content_type.startswith("audio/")
    assert PLACE not in kept and (PLACE in content or kind == "amr")
    again = inspect_upload(io.BytesIO(kept), SOUNDS, name="录音")
    assert again.content == kept and again.kind == kind
    if kind == "ogg":
        assert b"recorder" not in kept
        for page in kept.split(b"OggS")[1:]:
            page = b"OggS" + page
            assert page[22:26] == ogg_sum(page[:22] + bytes(4) + page[26:]).to_bytes(4, "little")


def test_a_film_of_a_phone_loses_its_place_and_every_sample_of_its_sensors() -> None:
    content = sensing_mov()
    checked = inspect_upload(io.BytesIO(content), TAKEN, name="IMG_0001.MOV")
    kept = checked.content
    assert kept is not None and (checked.kind, len(kept), checked.seconds) == ("mov", len(content), 9)
    assert content.count(b"GPS-36") == 3 and b"GPS" not in kept and PLACE not in kept and b"location" not in kept
    assert kept.count(b"picture!") == 2, "the pictures stay where they were"
    assert inspect_upload(io.BytesIO(kept), FILMED, name="a.mov").content == kept
    assert refused(content, "IMG_0001.MOV", VIDEOS) == "not_allowed", "other doors are as narrow as before"


def test_what_is_not_what_it_says_is_refused_in_words() -> None:
    for name in ("录音.m4a", "录音.mp3", "视频.mp4"):
        assert refused(b"MZ" + bytes(200), name) == "disguised"
        assert refused(b"<html><script>alert(1)</script>", name) == "disguised"
    zipped = b"PK\x03\x04" + bytes(60)
    for kind, (content, _) in SOUND.items():
        assert refused(content + zipped, f"a.{kind}") == "damaged", "something else behind it"
        assert refused(content[:-3], f"a.{kind}") == "damaged", "cut off"
    assert refused(mp4(b"vide") + zipped, "a.mp4") == refused(mp4(b"vide")[:-3], "a.mp4") == "damaged"
    assert refused(ogg().replace(b"OpusHead", b"\x80theora "), "a.ogg") == "not_allowed"
    assert refused(b"RIFF\0\0\0\0WAVEfmt " + bytes(40), "a.wav") == "not_allowed"
    assert refused(m4a(), "a.m4a", PICTURES) == "not_allowed"
    assert inspect_upload(io.BytesIO(m4a()), PLAYED, name="按视频选的.mp4").kind == "m4a", "a container says little"

    class Huge(io.BytesIO):
        def seek(self, at: int, whence: int = 0) -> int:
            return 21 * 2**20 if whence == 2 else super().seek(at)

    with pytest.raises(UploadRefused) as letter:
        inspect_upload(Huge(amr()), SOUNDS, name="a.amr")
    assert letter.value.short_code == "too_large" and "20 MB" in str(letter.value)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([*(content for content, _ in SOUND.values()), sensing_mov()]),
    st.integers(0, 700), st.binary(max_size=4), st.integers(0, 400),
)  # fmt: skip
def test_whatever_is_broken_is_refused_and_never_breaks_the_door(whole: bytes, at: int, put: bytes, cut: int) -> None:
    content = (whole[:at] + put + whole[at + len(put) :])[: len(whole) - cut % 7]
    try:
        checked = inspect_upload(io.BytesIO(content), PLAYED, name="a")
        assert checked.content is not None and len(checked.content) == len(content)
    except UploadRefused as letter:
        assert letter.reason
