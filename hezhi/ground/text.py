"""Chinese text as people type it, made fit to store and fit to compare (文本整理).

Two needs, two functions. `tidy` mends what a person cannot see (full-width digits, odd spaces,
control signs) and leaves his words and his Chinese punctuation alone: it is for storing. `fold`
throws away every difference that does not matter when two texts are compared: it is for searching.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = [
    "count_bytes",
    "fold",
    "half_width",
    "length_fault",
    "one_line",
    "shorten",
    "strip_controls",
    "tidy",
    "tidy_name",
]

# Full-width letters, digits and the signs used in numbers, codes and addresses. Chinese
# punctuation （，。；：？！（）～￥） stays: in a Chinese sentence it is right.
_FULL = (
    "０１２３４５６７８９"
    + "".join(chr(0xFF21 + i) for i in range(26))
    + "".join(chr(0xFF41 + i) for i in range(26))
    + "＂＃＄％＆＇＊＋－．／＜＝＞＠＼＾＿｀｛｜｝"
)
_HALF = {ord(sign): ord(sign) - 0xFEE0 for sign in _FULL}

# Spaces of other widths and languages, among them the full-width one (U+3000) and the hard one.
_SPACES = {0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000}

# Invisible: zero width space, byte order mark, soft hyphen, word joiner, and the signs that turn
# the reading direction round (a text could read otherwise than it is stored). The joiners U+200C
# and U+200D stay, since Uyghur, Mongolian and many emoji need them.
_UNSEEN = {
    0xAD,
    0x061C,
    0x180E,
    0x200B,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
}

# Radicals (康熙部首) look like characters and come out of PDF files; no search finds them.
# Unicode itself names a twin for the 康熙部首 only; for the supplement we name the ones seen in print.
_RADICALS = {sign: unicodedata.normalize("NFKC", chr(sign)) for sign in range(0x2E80, 0x2FD6)} | {
    ord(radical): character
    for radical, character in zip(
        "⺠⻄⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻥⻦⻨⻩⻬⻮⻰", "民西见角贝车长门青页风飞食马鱼鸟麦黄齐齿龙", strict=True
    )
}

_KEPT_CONTROLS = {ord("\n"), ord("\t")}
_GONE: dict[int, None] = {
    **{sign: None for sign in range(0xA0) if unicodedata.category(chr(sign)) == "Cc" and sign not in _KEPT_CONTROLS},
    **dict.fromkeys(_UNSEEN),
    **dict.fromkeys((0xFFFE, 0xFFFF)),
    **dict.fromkeys(range(0xD800, 0xE000)),  # halves of a pair: no file and no database takes them
}
_TIDY: dict[int, int | str | None] = {**_RADICALS, **_HALF, **dict.fromkeys(_SPACES, " "), **_GONE}

# Most cells of a table hold nothing to mend: plain signs, Chinese characters, single lines.
_PLAIN = r"!-~\u4e00-\u9fff，。、；：？！（）《》“”"
_ORDINARY = re.compile(rf"[{_PLAIN}](?:[{_PLAIN} ]*[{_PLAIN}])?")

_DOTS = re.compile(r"\s*[·•・･‧∙⋅●．.]\s*")
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_BETWEEN_HAN = re.compile(rf"(?<={_HAN})\s+(?={_HAN})")


def strip_controls(text: str) -> str:
    """Without control signs, invisible signs and halves of a pair; line ends become \\n."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_GONE)


def half_width(text: str) -> str:
    """Full-width letters, digits and code signs as half-width, sign for sign: the length stays."""
    return text.translate(_HALF)


def tidy(text: str) -> str:
    """A text of several lines, fit to store: trimmed, without what nobody sees, words untouched.

    Spaces at line ends go, more than one empty line becomes one.
    """
    return text if _ORDINARY.fullmatch(text) else _tidied(text)


def _tidied(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_TIDY))
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """A text for one line (a title, a name, a cell), fit to store: each gap becomes one space."""
    return " ".join(tidy(text).split())


def tidy_name(text: str) -> str:
    """A person's name (姓名): no gaps between Chinese characters, one kind of dot between parts.

    «张　三» becomes «张三», «阿依古丽•买买提» gets the middle dot «·» of the identity card.
    """
    name = _BETWEEN_HAN.sub("", one_line(text))
    if re.search(_HAN, name):
        name = _DOTS.sub("·", name).strip("·")
    return name


def fold(text: str) -> str:
    """For comparing only: one width, one case, no spaces, no invisible signs.

    «ＡＢ座 １号» and «ab座1号» fold to the same. Punctuation stays, in its half-width form.
    """
    if text.isascii() and text.isprintable():  # most codes and numbers: nothing to normalise
        return text.lower().replace(" ", "")
    plain = unicodedata.normalize("NFKC", text.translate(_TIDY)).casefold()
    close = "".join(plain.split()).replace("\u200c", "").replace("\u200d", "")
    # Without its gaps a text may compose anew (a mark that stood alone joins the letter before it).
    return unicodedata.normalize("NFKC", close)


def length_fault(text: str, *, most: int, least: int = 0) -> str | None:
    """The Chinese sentence on a text too long or too short, or None. Counts characters (字符).

    Meant for after `tidy`, so that a person is not blamed for spaces.
    """
    count = len(text)
    if count > most:
        return f"最多 {most} 个字，现有 {count} 个字，请删减 {count - most} 个字"
    if count < least and not count:
        return "不能为空"
    if count < least:
        return f"至少 {least} 个字，现有 {count} 个字，请补充"
    return None


def shorten(text: str, most: int) -> str:
    """The beginning of a text in at most so many characters, with «…» where it was cut."""
    if most < 1:
        raise ValueError("a text is shortened to one character at least")
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def count_bytes(text: str) -> int:
    """Its size in UTF-8: a Chinese character has three bytes."""
    return len(text.encode())
