"""Two steps that wait for each other (互相等待): the database ends one of them, and that one is begun again.

Every step takes its locks in one order, so this is rare: work of many cases at once (a person leaves, the
calendar moves) meets a step of one case. What was ended has written nothing, so it may simply be done once more.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from psycopg.errors import DeadlockDetected, SerializationFailure

from hezhi.engines.records.acting import deeds_done
from hezhi.ground.errors import NotNow


class Collided(NotNow):
    """A step was ended twice for the sake of others (操作相撞): nothing was done, nothing is wrong."""

    code = "wiring.collided"
    what = "这一步和别人的操作正好撞在一起，没有办成"
    meaning = "系统没有做任何改动，您填写的内容在上一页"
    remedy = "请返回上一页，过几秒钟再提交一次"


def remember(request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Keep what a request asks for, to ask it once more."""
    request.asked = partial(view, request, *args, **kwargs)  # type: ignore[attr-defined]
    request.deeds_before = deeds_done()  # type: ignore[attr-defined]


def collided(error: BaseException) -> bool:
    """Whether the database ended this step for the sake of another."""
    return isinstance(error, DatabaseError) and isinstance(error.__cause__, DeadlockDetected | SerializationFailure)


def once_more(request: HttpRequest) -> HttpResponse:
    """Do the step again, if the request has finished none yet and what it brought can be read again.

    Raises Collided when that is not so, or when it meets somebody again.
    """
    if deeds_done() != request.deeds_before or not _readable(request):  # type: ignore[attr-defined]
        raise Collided
    for _, files in request.FILES.lists():
        for file in files:
            file.seek(0)
    try:
        answer: HttpResponse = request.asked()  # type: ignore[attr-defined]
    except DatabaseError as error:
        if collided(error):
            raise Collided from error
        raise
    return answer


def _readable(request: HttpRequest) -> bool:
    """Form fields and a body that was read as a whole are kept; a stream that was read is gone."""
    return not request._read_started or hasattr(request, "_body") or hasattr(request, "_files")  # type: ignore[attr-defined]
