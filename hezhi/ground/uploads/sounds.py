"""Recorded sound from outside (录音): told by its structure, without what the recorder wrote about place and owner, and how long.

Five kinds that telephones and their recorders make. As with videos nothing is recoded: what holds words is emptied
where it stands, and the length stays the same.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from hezhi.ground.uploads.letters import UploadRefused
from hezhi.ground.uploads.videos import Bytes, Walk, boxes, brands_of, elements, handlers, without_words

__all__ = ["SOUND_KINDS", "is_sound", "kind_of_sound", "seconds_of", "without_told"]

SOUND_KINDS = {
    "m4a": "audio/mp4", "weba": "audio/webm", "mp3": "audio/mpeg", "ogg": "audio/ogg", "amr": "audio/amr",
}  # fmt: skip
_BRANDS = {b"M4A ", b"M4B ", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"3gp4", b"3gp5", b"3gp6", b"dash"}  # fmt: skip
_SEGMENT, _TRACKS, _ENTRY, _TYPE, _CLUSTER, _INFO, _SCALE, _DURATION = (
    0x18538067, 0x1654AE6B, 0xAE, 0x83, 0x1F43B675, 0x1549A966, 0x2AD7B1, 0x4489,
)  # fmt: skip
_ADVICE = "请用手机自带的录音功能重新录制（M4A、MP3）后再上传"
_MOST_FRAMES = 400_000
_MOST_FRAMES_OF_SPEECH = 2_000_000
"""At the limit of size an honest recording with pauses has 1.5 million."""
_MOST_WORDS = 10_000
_FILLING = re.compile(rb"\0*")


def _broken(reason: str = "录音不完整，可能没有传完或录制时中断") -> UploadRefused:
    return UploadRefused("damaged", reason, _ADVICE)


def is_sound(content: bytes) -> bool:
    """Whether a container of MP4 or WebM holds sound and no picture; False for any other file."""
    if content[4:8] == b"ftyp":
        tracks = set(handlers(content, list(boxes(content, 0, len(content)))))
        return b"soun" in tracks and b"vide" not in tracks
    if content[:4] == b"\x1aE\xdf\xa3":
        return set(_webm_tracks(content)) == {2}
    return False


def kind_of_sound(content: bytes) -> str:
    """A name of `SOUND_KINDS`, by what lies inside. Raises UploadRefused for anything else and for a broken one."""
    if content[4:8] == b"ftyp" and is_sound(content):
        return _check_m4a(content)
    if content[:4] == b"\x1aE\xdf\xa3" and is_sound(content):
        if not any(name == _CLUSTER for name, *_ in _segment(content, Walk())):
            raise _broken()
        return "weba"
    if content[:4] == b"OggS":
        _packet_of_words(content)
        return "ogg"
    if content[:5] == b"#!AMR":
        _amr_frames(content)
        return "amr"
    if content[:3] == b"ID3" or _is_mp3(content[:4]):
        _mp3_seconds(content)
        return "mp3"
    raise UploadRefused("not_allowed", "这种录音格式不能播放，可以上传：M4A、MP3、OGG、WebM、AMR", _ADVICE)


def without_told(content: bytes, kind: str) -> bytes:
    """The same sound, of the same length, without place, device and titles (去除录音信息)."""
    if kind in ("m4a", "weba"):
        return without_words(content, "mp4" if kind == "m4a" else "webm")
    if kind == "ogg":
        return _ogg_without_words(content)
    if kind == "mp3":
        return _mp3_without_words(content)
    return content


def seconds_of(content: bytes, kind: str) -> float:
    """How long it plays, also of a video; 0.0 where the file does not say (a recording that was never closed)."""
    if kind in ("m4a", "mp4", "mov"):
        return _mp4_seconds(content)
    if kind in ("weba", "webm"):
        return _webm_seconds(content)
    if kind == "amr":
        return 0.02 * _amr_frames(content)
    return _ogg_seconds(content) if kind == "ogg" else _mp3_seconds(content)


# -- MP4 and WebM ----------------------------------------------------------------------------------


def _check_m4a(content: bytes) -> str:
    names = [name for name, *_ in boxes(content, 0, len(content))]
    if not brands_of(content) & _BRANDS:
        raise UploadRefused("not_allowed", "这种录音格式不能播放，可以上传：M4A、MP3、OGG、WebM、AMR", _ADVICE)
    if b"mdat" not in names or names.count(b"moov") != 1:
        raise _broken()
    return "m4a"


def _mp4_seconds(content: bytes) -> float:
    for name, _, inside, end in boxes(content, 0, len(content)):
        if name != b"moov":
            continue
        for inner, _, a, b in boxes(content, inside, end):
            long = content[a : a + 1] == b"\x01"
            if inner == b"mvhd" and b - a >= (32 if long else 20):
                scale = int.from_bytes(content[a + 20 : a + 24] if long else content[a + 12 : a + 16])
                told = int.from_bytes(content[a + 24 : a + 32] if long else content[a + 16 : a + 20])
                return told / scale if scale and told < 1 << (63 if long else 31) else 0.0
    return 0.0


def _segment(content: bytes, walk: Walk) -> Iterator[tuple[int, int, int, int]]:
    for name, _, inside, end in elements(content, 0, len(content), walk):
        if name == _SEGMENT:
            yield from elements(content, inside, end, walk)
            return


def _webm_tracks(content: bytes) -> Iterator[int]:
    walk = Walk()
    for name, _, inside, end in _segment(content, walk):
        if name == _TRACKS:
            for entry, _, a, b in elements(content, inside, end, walk):
                for field, _, c, d in elements(content, a, b, walk) if entry == _ENTRY else ():
                    if field == _TYPE:
                        _refuse_long_number(c, d)
                        yield int.from_bytes(content[c:d])
            return


def _webm_seconds(content: bytes) -> float:
    scale, told, walk = 1_000_000, 0.0, Walk()
    for name, _, inside, end in _segment(content, walk):
        for field, _, a, b in elements(content, inside, end, walk) if name == _INFO else ():
            if field == _SCALE:
                _refuse_long_number(a, b)
                scale = int.from_bytes(content[a:b])
            elif field == _DURATION and b - a in (4, 8):
                told = float(struct.unpack(">f" if b - a == 4 else ">d", content[a:b])[0])
    found = told * scale / 1e9
    return found if 0 < found < 1e6 else 0.0


def _refuse_long_number(begin: int, end: int) -> None:
    if end - begin > 8:  # the format knows no longer one
        raise _broken()


# -- Ogg (RFC 3533): pages of up to 255 pieces, each page with a sum of its own -------------------------


def _pages(content: Bytes) -> Iterator[tuple[int, int, int]]:
    """Begin, begin of the inside and end of each page; they fill the file without a rest."""
    place = 0
    while place < len(content):
        inside = place + 27 + (content[place + 26] if place + 26 < len(content) else 0)
        end = inside + sum(content[place + 27 : inside])
        if content[place : place + 4] != b"OggS" or end > len(content) or inside > len(content):
            raise _broken()
        yield place, inside, end
        place = end


def _packet_of_words(content: bytes) -> list[tuple[int, int]]:
    """Where the second packet lies, piece by piece, which holds the words; proves first that it is Opus or Vorbis."""
    pages = _pages(content)
    begin, inside, end = next(pages)
    first = content[inside:end]
    if not first.startswith((b"OpusHead", b"\x01vorbis")) or content[begin + 5] != 2:
        raise UploadRefused("not_allowed", "这种 OGG 不是录音，可以上传 Opus 或 Vorbis 的 OGG", _ADVICE)
    serial = content[begin + 14 : begin + 18]
    pieces: list[tuple[int, int]] = []
    for start, a, _ in pages:
        if content[start + 14 : start + 18] != serial:
            raise UploadRefused("not_allowed", "这个 OGG 里除了录音还有别的内容", _ADVICE)
        lengths = content[start + 27 : a]
        last = next((n for n, length in enumerate(lengths) if length < 255), None)
        size = sum(lengths if last is None else lengths[: last + 1])
        if size:
            pieces.append((a, a + size))
        if last is not None:
            _prove_words(content, pieces, more=sum(1 for _ in pages) > 0)
            return pieces
    raise _broken()


def _prove_words(content: bytes, pieces: list[tuple[int, int]], *, more: bool) -> None:
    head = b"".join(content[a : min(b, a + 8)] for a, b in pieces[:8])
    if not head.startswith((b"OpusTags", b"\x03vorbis")) or not more:
        raise _broken()


def _ogg_without_words(content: bytes) -> bytes:
    pieces = _packet_of_words(content)
    told = _wordless(b"".join(content[a:b] for a, b in pieces))
    changed, done = bytearray(content), 0
    for a, b in pieces:
        changed[a:b] = told[done : done + b - a]
        done += b - a
    for begin, _, end in _pages(content):
        if begin >= pieces[-1][1]:
            break
        changed[begin + 22 : begin + 26] = bytes(4)
        changed[begin + 22 : begin + 26] = _sum_of(bytes(changed[begin:end])).to_bytes(4, "little")
    return bytes(changed)


def _wordless(packet: bytes) -> bytearray:
    """The packet of words, of the same length, with nothing in its words."""
    told = bytearray(packet)

    def words(at: int) -> int:
        size = int.from_bytes(told[at : at + 4], "little")
        if at + 4 + size > len(told):
            raise _broken()
        told[at + 4 : at + 4 + size] = (b"X=" + b" " * max(size - 2, 0))[:size]
        return at + 4 + size

    at = words(8 if told.startswith(b"OpusTags") else 7)
    many = int.from_bytes(told[at : at + 4], "little")
    at += 4
    if many > _MOST_WORDS:
        raise _broken()
    for _ in range(many):
        at = words(at)
    if at + 1 < len(told):  # what stands behind the words is filling, and could be anything
        told[at + 1 :] = bytes(len(told) - at - 1)
    return told


def _turned(byte: int) -> int:
    return int(f"{byte:08b}"[::-1], 2)


_TURNED = bytes(_turned(byte) for byte in range(256))


def _sum_of(page: bytes) -> int:
    """The sum of RFC 3533: that of ZIP, with every byte turned round and nothing put before or behind."""
    rest = zlib.crc32(page.translate(_TURNED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(rest.to_bytes(4, "little").translate(_TURNED))


def _ogg_seconds(content: bytes) -> float:
    pages = _pages(content)
    begin, inside, _ = next(pages)
    for begin, _, _ in pages:  # noqa: B007  the last one counts
        pass
    opus = content[inside : inside + 8] == b"OpusHead"
    rate = 48_000 if opus else int.from_bytes(content[inside + 12 : inside + 16], "little")
    told = int.from_bytes(content[begin + 6 : begin + 14], "little")
    return told / rate if rate and told < 1 << 62 else 0.0


# -- AMR (RFC 4867) ----------------------------------------------------------------------------------

_NARROW = (12, 13, 15, 17, 19, 20, 26, 31, 5, 5, 5, 5, 0, 0, 0, 0)
_WIDE = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0)


def _amr_frames(content: bytes) -> int:
    """How many frames of 20 ms there are; they fill the file without a rest."""
    wide = content.startswith(b"#!AMR-WB\n")
    if not (wide or content.startswith(b"#!AMR\n")):
        raise _broken()
    place, many, sizes = (9 if wide else 6), 0, _WIDE if wide else _NARROW
    while place < len(content):
        if many == _MOST_FRAMES_OF_SPEECH:
            raise _broken("录音太长")
        if content[place] & 0x83:
            raise _broken()
        place, many = place + 1 + sizes[content[place] >> 3 & 15], many + 1
    if place != len(content) or not many:
        raise _broken()
    return many


# -- MP3 (ISO/IEC 11172-3, 13818-3) -------------------------------------------------------------------

_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_TAIL = 128
"""An old tag stands in the last 128 bytes."""


def _is_mp3(head: Bytes) -> bool:
    return len(head) >= 4 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[1] >> 3 & 3 != 1


def _mp3_begin(content: Bytes) -> int:
    """Where the sound begins, behind the tag."""
    if content[:3] != b"ID3":
        return 0
    size = 0
    for byte in content[6:10]:
        if byte > 127:
            raise _broken()
        size = size << 7 | byte
    return 10 + size + (10 if content[5] & 0x10 else 0)


def _mp3_end(content: Bytes) -> int:
    return len(content) - _TAIL if content[-_TAIL : -_TAIL + 3] == b"TAG" else len(content)


def _mp3_seconds(content: bytes) -> float:
    """How long the frames play; they fill the file between its tags without a rest."""
    place, end, seconds = _mp3_begin(content), _mp3_end(content), 0.0
    filling = _FILLING.match(content, place, max(end, place))  # between the tag and the first frame
    place = filling.end() if filling else place
    for _ in range(_MOST_FRAMES):
        if place == end and seconds:
            return seconds
        head = content[place : place + 4]
        if not _is_mp3(head):
            raise _broken()
        version, rate, hertz = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
        if rate in (0, 15) or hertz == 3:
            raise _broken()
        samples, per = (1152, 144) if version == 3 else (576, 72)
        kilobits = (_RATES_1 if version == 3 else _RATES_2)[rate]
        place += per * kilobits * 1000 // _HERTZ[version][hertz] + (head[2] >> 1 & 1)
        seconds += samples / _HERTZ[version][hertz]
        if place > end:
            raise _broken()
    raise _broken("录音太长")


def _mp3_without_words(content: bytes) -> bytes:
    told, begin, end = bytearray(content), _mp3_begin(content), _mp3_end(content)
    if begin:
        told[5] = 0  # no footer, no extended head: what follows is filling
        told[10:begin] = bytes(begin - 10)
        size = begin - 10
        told[6:10] = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    if end < len(content):
        told[end + 3 :] = bytes(_TAIL - 3)
    return bytes(told)
