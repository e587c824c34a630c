"""Feeds (订阅源, Atom, RFC 4287): a list that the reader's own program fetches, so that nobody leaves an address with us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

from django.http import HttpResponse

from hezhi.ground import time

__all__ = ["Entry", "atom"]

_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Entry:
    """One line of a feed: `id` stays the same for the same state of the same thing."""

    id: str
    title: str
    at: datetime
    link: str
    summary: str = ""


def atom(title: str, own: str, home: str, author: str, entries: Sequence[Entry]) -> HttpResponse:
    """The feed as an answer: its own address, the page it belongs to, who speaks, and the entries, newest first."""
    top = ElementTree.Element("feed", xmlns=_ATOM)
    _put(top, "title", title)
    _put(top, "id", own)
    _put(top, "updated", _moment(max((each.at for each in entries), default=time.now())))
    ElementTree.SubElement(top, "link", href=home)
    ElementTree.SubElement(top, "link", rel="self", href=own)
    _put(ElementTree.SubElement(top, "author"), "name", author)
    for each in entries:
        entry = ElementTree.SubElement(top, "entry")
        _put(entry, "title", each.title)
        _put(entry, "id", each.id)
        _put(entry, "updated", _moment(each.at))
        ElementTree.SubElement(entry, "link", href=each.link)
        _put(entry, "summary", each.summary)
    text = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return HttpResponse(text, content_type="application/atom+xml; charset=utf-8")


def _put(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _moment(at: datetime) -> str:
    return time.local(at).isoformat(timespec="seconds")
