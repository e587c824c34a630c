"""XML from outside (外来 XML), looked at while it passes: a tree of it would be thirty times as large as the file."""

from __future__ import annotations

from defusedxml.ElementTree import DefusedXMLParser

from hezhi.ground.uploads.letters import UploadRefused

__all__ = ["Onlooker", "walk_xml"]

_BLOCK = 1 << 20


class Onlooker:
    """Is told of each element as it begins, and stops after so many (逐个查看)."""

    def __init__(self, most: int) -> None:
        self.left = most

    def start(self, name: str, told: dict[str, str]) -> None:
        """What the parser calls."""
        self.left -= 1
        if self.left < 0:
            raise UploadRefused("bomb", "文件里的内容多得不正常", "请分成几个文件，重新导出后再上传")
        self.look(name, told)

    def look(self, name: str, told: dict[str, str]) -> None:
        """What one does with an element."""
        raise NotImplementedError

    def close(self) -> None:
        """The parser wants to say that it is done."""


def walk_xml(xml: bytes, onlooker: Onlooker, *, forbid_dtd: bool = False) -> None:
    """Show every element to `onlooker`. Raises ParseError for what is no XML, DefusedXmlException for declarations."""
    parser = DefusedXMLParser(target=onlooker, forbid_dtd=forbid_dtd)
    for place in range(0, len(xml), _BLOCK):
        parser.feed(xml[place : place + _BLOCK])
    parser.close()
