"""The words of a sheet (文书里的字), for tests that look for what must and what must not stand there."""

import re

_TEXT = re.compile(rb"\(((?:[^()\\]|\\.)*)\)\s*Tj", re.DOTALL)
_ESCAPED = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


def words_of_pdf(content: bytes) -> str:
    """Every text that a PDF of `ground.paper` draws, in its order, joined without breaks."""
    return "".join(_clear(found).decode("utf-16-be", errors="replace") for found in _TEXT.findall(content))


def _clear(text: bytes) -> bytes:
    def sign(match: re.Match[bytes]) -> bytes:
        told = match[1]
        return bytes([int(told, 8)]) if told.isdigit() else {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(told, told)

    return _ESCAPED.sub(sign, text)
