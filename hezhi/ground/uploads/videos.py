"""Videos from outside (上传视频): told by their structure, and without what the camera wrote about place and owner.

A phone writes where and with what it filmed into the file. Pictures are drawn anew; a video is not: it would need
an encoder of its own. So the boxes that hold such words are emptied where they stand, byte for byte the same length,
and no place in the file moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hezhi.ground.uploads.letters import UploadRefused

__all__ = ["VIDEO_KINDS", "Walk", "boxes", "elements", "handlers", "kind_of_filmed", "kind_of_video", "without_words"]

Bytes = bytes | bytearray
VIDEO_KINDS = {"mp4": "video/mp4", "webm": "video/webm"}
_BRANDS = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash"}
_PHONES = {b"qt  ", b"3gp4", b"3gp5", b"3gp6"}
"""Brands of telephones whose films play in most browsers all the same, for doors that let in what was just filmed."""
_TRACKS = {b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp", b"tmcd", b"hint"}
"""Picture, sound and words to read; a track of anything else may tell where somebody went."""
_SEGMENT, _VOID = 0x18538067, 0xEC
_TAGS, _ATTACHMENTS, _INFO, _CLUSTER = 0x1254C367, 0x1941A469, 0x1549A966, 0x1F43B675
_DOC_TYPE, _TITLE, _MUXING_DATE = 0x4282, 0x7BA9, 0x4461
_ADVICE = "请用手机自带相机录制，或用剪辑软件导出为 MP4（H.264）后再上传"
_MOST_BOXES = 40_000
_MOST_DEPTH = 8
_MOST_BRANDS = 64
_MOST_SENSORS = 32
_MOST_SAMPLES = 200_000


def _broken(reason: str) -> UploadRefused:
    return UploadRefused("damaged", reason, _ADVICE)


class Walk:
    """What may still be looked at in one file (查看余量): boxes in boxes, and none of it twice."""

    def __init__(self) -> None:
        self.left = _MOST_BOXES
        self.sensors = _MOST_SENSORS

    def step(self) -> None:
        """One more box."""
        self.left -= 1
        if self.left < 0:
            raise _broken("文件内部结构有误")


def kind_of_video(content: bytes) -> str:
    """«mp4» or «webm», by what lies inside. Raises UploadRefused for any other, for a broken one, for one without a picture."""
    if content[4:8] == b"ftyp":
        _check_mp4(content)
        return "mp4"
    if content[:4] == b"\x1aE\xdf\xa3":
        _check_webm(content)
        return "webm"
    raise UploadRefused("not_allowed", "这里只接收 MP4 和 WebM 视频", _ADVICE)


# -- MP4 (ISO/IEC 14496-12): boxes of a length, a name and what is in them -----------------------------


def boxes(content: Bytes, start: int, end: int, walk: Walk | None = None) -> Iterator[tuple[Bytes, int, int, int]]:
    """Name, begin, begin of the inside and end of each box between two places; they fill it without a rest."""
    place, walk = start, walk or Walk()
    while place < end:
        walk.step()
        if end - place < 8:
            raise _broken("文件不完整，或内部结构有误")
        size, name, inside = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8], place + 8
        if size == 1:
            size, inside = int.from_bytes(content[place + 8 : place + 16]), place + 16
        size = end - place if size == 0 else size
        if size < inside - place or place + size > end:
            raise _broken("文件不完整，可能没有传完或录制时中断")
        yield name, place, inside, place + size
        place += size


def _check_mp4(content: bytes) -> None:
    top = list(boxes(content, 0, len(content)))
    if not brands_of(content) & _BRANDS:
        raise UploadRefused("not_allowed", "这种格式（如 MOV）多数手机不能播放，这里只接收 MP4 和 WebM", _ADVICE)
    names = [name for name, *_ in top]
    if b"mdat" not in names or names.count(b"moov") != 1:
        raise _broken("视频里没有可播放的内容，可能没有录完")
    tracks = set(handlers(content, top))
    if b"vide" not in tracks:
        raise _broken("文件里没有画面，只有声音或其他内容")
    if tracks - _TRACKS:
        raise _sensing()


def kind_of_filmed(content: bytes) -> str:
    """The same for a door that takes what a telephone films: «mov» too, and with tracks of sensors, which are emptied.

    Raises UploadRefused as `kind_of_video`.
    """
    if content[4:8] != b"ftyp":
        return kind_of_video(content)
    top = list(boxes(content, 0, len(content)))
    if not brands_of(content) & (_BRANDS | _PHONES):
        raise UploadRefused("not_allowed", "这种格式多数手机不能播放，这里只接收 MP4、MOV 和 WebM 视频", _ADVICE)
    names = [name for name, *_ in top]
    if b"mdat" not in names or names.count(b"moov") != 1:
        raise _broken("视频里没有可播放的内容，可能没有录完")
    tracks = set(handlers(content, top))
    if b"vide" not in tracks:
        raise _broken("文件里没有画面，只有声音或其他内容")
    if tracks - _TRACKS and b"moof" in names:
        raise _sensing()
    return "mov" if brands_of(content) <= _PHONES else "mp4"


def brands_of(content: Bytes) -> set[bytes]:
    """What an MP4 says it is, by its first box."""
    end = min(int.from_bytes(content[:4]), len(content))
    end = min(end, 16 + 4 * _MOST_BRANDS)
    return {bytes(content[8:12]), *(bytes(content[n : n + 4]) for n in range(16, end - 3, 4))}


def handlers(content: Bytes, top: list[tuple[Bytes, int, int, int]]) -> Iterator[bytes]:
    """What each track is: picture, sound, text."""
    waiting: list[Iterable[tuple[Bytes, int, int, int]]] = [top]
    walk = Walk()
    while waiting:
        for name, _, inside, end in waiting.pop():
            if name in (b"moov", b"trak", b"mdia"):
                waiting.append(boxes(content, inside, end, walk))
            elif name == b"hdlr":
                yield bytes(content[inside + 8 : inside + 12])


_WORDS = (b"udta", b"meta", b"uuid", b"free", b"skip")


def _empty_mp4(content: bytearray, start: int, end: int, walk: Walk, depth: int = 0) -> None:
    _refuse_too_deep(depth)
    for name, place, inside, stop in list(boxes(content, start, end, walk)):
        if name in _WORDS:
            content[place + 4 : place + 8] = b"free"
            content[inside:stop] = bytes(stop - inside)
        elif name == b"trak" and set(_handlers_in(content, inside, stop)) - _TRACKS:
            walk.sensors -= 1
            if walk.sensors < 0:
                raise _sensing()
            _silence(content, inside, stop)
            content[place + 4 : place + 8] = b"free"
            content[inside:stop] = bytes(stop - inside)
        elif name in (b"moov", b"trak"):
            _empty_mp4(content, inside, stop, walk, depth + 1)


def _refuse_too_deep(depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise _broken("文件内部结构有误")


def _handlers_in(content: Bytes, start: int, end: int) -> Iterator[bytes]:
    return handlers(content, list(boxes(content, start, end)))


# -- tracks of sensors: what a telephone noted while it filmed (place, movement, faces) ----------------


def _sensing() -> UploadRefused:
    return UploadRefused("sensor_track", "视频里带有记录位置或传感器数据的轨道，可能暴露拍摄人的行踪", _ADVICE)


def _table(content: Bytes, start: int, end: int, found: dict[bytes, int], depth: int = 0) -> dict[bytes, int]:
    """Where the tables of a track begin, by name."""
    _refuse_too_deep(depth)
    for name, _, inside, stop in boxes(content, start, end):
        if name in (b"mdia", b"minf", b"stbl"):
            _table(content, inside, stop, found, depth + 1)
        elif name in (b"stsz", b"stsc", b"stco", b"co64"):
            found[bytes(name)] = inside
    return found


def _silence(content: bytearray, start: int, end: int) -> None:
    """Make zero of every sample of a track, wherever it lies in the film; no byte is told to be two samples."""
    left = len(content)
    for place, size in _samples(content, start, end):
        left -= size
        if left < 0:
            raise _broken("文件不完整，或内部结构有误")
        stop = min(place + size, len(content))
        content[place:stop] = bytes(max(stop - place, 0))


def _samples(content: Bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Begin and length of the samples of a track, chunk by chunk; where all are of one length, of the whole chunk."""
    at = _table(content, start, end, {})
    width = 8 if b"co64" in at else 4
    chunks = at.get(b"co64", at.get(b"stco"))
    if chunks is None or b"stsz" not in at or b"stsc" not in at:
        raise _sensing()

    def number(place: int, size: int = 4) -> int:
        if place + size > end:
            raise _broken("文件不完整，或内部结构有误")
        return int.from_bytes(content[place : place + size])

    def many(place: int) -> int:
        told = number(place)
        if told > _MOST_SAMPLES:
            raise _sensing()  # what is not counted to its end would not be emptied to its end
        return told

    same, samples = number(at[b"stsz"] + 4), number(at[b"stsz"] + 8)
    samples = samples if same else many(at[b"stsz"] + 8)
    held, done, runs = 0, 0, _runs(number, at[b"stsc"], many(at[b"stsc"] + 4))
    first, per = next(runs, (0, 0))
    for chunk in range(1, many(chunks + 4) + 1):
        while first and first <= chunk:
            held = per
            first, per = next(runs, (0, 0))
        place = number(chunks + 8 + width * (chunk - 1), width)
        here = min(held, samples - done)
        for size in [same * here] if same else [number(at[b"stsz"] + 12 + 4 * n) for n in range(done, done + here)]:
            yield place, size
            place += size
        done += here


def _runs(number: Callable[[int], int], begin: int, many: int) -> Iterator[tuple[int, int]]:
    """From which chunk on how many samples lie in each; the chunks are counted upwards."""
    last = 0
    for n in range(many):
        first = number(begin + 8 + 12 * n)
        if first <= last:
            raise _broken("文件不完整，或内部结构有误")
        last = first
        yield first, number(begin + 12 + 12 * n)


# -- WebM (Matroska): elements of an id, a length and what is in them ----------------------------------


def _number(content: Bytes, place: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number of variable length and where it ends; -1 for «not known»."""
    if place >= len(content) or not content[place]:
        raise _broken("文件不完整，或内部结构有误")
    length = 9 - content[place].bit_length()
    if place + length > len(content):
        raise _broken("文件不完整，可能没有传完或录制时中断")
    value = int.from_bytes(content[place : place + length])
    if keep_mark:
        return value, place + length
    value &= (1 << 7 * length) - 1
    return (-1 if value == (1 << 7 * length) - 1 else value), place + length


def elements(content: Bytes, start: int, end: int, walk: Walk | None = None) -> Iterator[tuple[int, int, int, int]]:
    """Id, begin, begin of the inside and end of each element; one of unknown length reaches to the end."""
    place, walk = start, walk or Walk()
    while place < end:
        walk.step()
        name, after = _number(content, place, keep_mark=True)
        size, inside = _number(content, after, keep_mark=False)
        stop = end if size < 0 else inside + size
        if stop > end:
            raise _broken("文件不完整，可能没有传完或录制时中断")
        yield name, place, inside, stop
        if size < 0 and name == _CLUSTER:
            return  # a live recording: what follows are pictures
        place = stop


def _check_webm(content: bytes) -> None:
    top = list(elements(content, 0, len(content)))
    head = [content[a:b] for name, _, a, b in elements(content, top[0][2], top[0][3]) if name == _DOC_TYPE]
    if head != [b"webm"]:
        raise UploadRefused("not_allowed", "这种格式（如 MKV）多数手机不能播放，这里只接收 MP4 和 WebM", _ADVICE)
    segment = [(a, b) for name, _, a, b in top if name == _SEGMENT]
    if len(segment) != 1 or not any(name == _CLUSTER for name, *_ in elements(content, *segment[0])):
        raise _broken("视频里没有可播放的内容，可能没有录完")


def _empty_webm(content: bytearray) -> None:
    walk = Walk()
    for name, _, inside, stop in elements(content, 0, len(content), walk):
        if name != _SEGMENT:
            continue
        for inner, begin, a, b in elements(content, inside, stop, walk):
            if inner in (_TAGS, _ATTACHMENTS):
                _void(content, begin, b)
            elif inner == _INFO:
                for word, word_begin, _, word_end in elements(content, a, b, walk):
                    if word in (_TITLE, _MUXING_DATE):
                        _void(content, word_begin, word_end)


def _void(content: bytearray, begin: int, end: int) -> None:
    """An element of nothing in place of another of the same length; any of ours is at least three bytes long."""
    rest = end - begin
    width = 8 if rest >= 9 else 1
    size = rest - 1 - width
    told = (size | 1 << 7 * width).to_bytes(width)
    content[begin:end] = bytes([_VOID]) + told + bytes(size)


def without_words(content: bytes, kind: str) -> bytes:
    """The same video, of the same length, without place, device, titles and attachments (去除拍摄信息)."""
    told = bytearray(content)
    if kind in ("mp4", "mov"):
        _empty_mp4(told, 0, len(told), Walk())
    else:
        _empty_webm(told)
    return bytes(told)
