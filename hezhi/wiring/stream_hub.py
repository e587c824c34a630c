"""Where news meet open pages (实时消息分发): one hub per process, small per page.

The database tells (`reach.news`); the hub asks once for many, and puts a few bytes before each page
concerned. What a page must not miss can be asked for again: counts are sent whole at every start, and
the wall's news carry a place to go on from (`Last-Event-ID`).
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.db import close_old_connections, connection
from procrastinate.contrib.django.utils import connector_params

from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import queries
from hezhi.engines.reach.calling.queries import ringing
from hezhi.engines.reach.models import InboxMessage
from hezhi.engines.reach.news import INBOX_CHANNEL
from hezhi.wiring import wall_news
from hezhi.wiring.stream_readers import Listener, listeners

log = logging.getLogger("hezhi.stream")
T = TypeVar("T")

BEAT_SECONDS, CHECK_SECONDS, WALL_SECONDS, GATHER_SECONDS = 20.0, 60.0, 1.0, 0.1
MOST_FRAMES = 64  # a page that reads nothing for so long is let go; it comes back by itself
WALL_TOPIC, WALL_RIGHT = "cases", "wall.view"


def frame(event: str, data: object, place: int | None = None) -> bytes:
    """One server-sent event."""
    id_line = f"id: {place}\n" if place is not None else ""
    return f"{id_line}event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


BEAT = frame("beat", {})


class Page:
    """One open page (打开的页面): whose it is, and the bytes it has not been sent yet. Kept small: there are thousands."""

    __slots__ = ("actor", "closed", "frames", "session", "user", "waiting")

    def __init__(self, user: UUID, session: str, actor: Actor | None) -> None:
        self.user, self.session, self.actor = user, session, actor
        self.frames: list[bytes] | None = None
        self.waiting: asyncio.Future[None] | None = None
        self.closed = False

    def put(self, news: bytes) -> None:
        """Lay news before this page."""
        if self.frames is None:
            self.frames = [news]
        elif len(self.frames) < MOST_FRAMES:
            self.frames.append(news)
        else:
            self.closed = True
        self._wake()

    def close(self) -> None:
        """Let this page go."""
        self.closed = True
        self._wake()

    async def take(self) -> bytes:
        """What has come since the last time, as soon as there is something; empty when the page is closed."""
        if not self.closed and self.frames is None:
            self.waiting = asyncio.get_running_loop().create_future()
            try:
                await self.waiting
            finally:
                self.waiting = None
        news, self.frames = self.frames or [], None
        return b"" if self.closed else b"".join(news)

    def _wake(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)


class Hub:
    """All open pages of this process, and the tasks that serve them."""

    def __init__(self) -> None:
        self.pages: dict[UUID, set[Page]] = defaultdict(set)
        self.wall: set[Page] = set()
        self.changed: set[UUID] = set()
        self.urgent: set[UUID] = set()
        self.rung: set[UUID] = set()
        self.place: int | None = None
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="stream")
        self.tasks: list[asyncio.Task[None]] = []

    # -- coming and going --------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to listen; once."""
        if not self.tasks:
            works = (self._listen, self._tell_counts, self._tell_wall, self._beat, self._check)
            self.tasks = [asyncio.create_task(self._for_ever(work), name=work.__name__) for work in works]

    async def stop(self) -> None:
        """Let all pages go and stop listening."""
        for page in self.all_pages():
            page.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.threads.shutdown(wait=False, cancel_futures=True)

    def all_pages(self) -> list[Page]:
        return [page for pages in self.pages.values() for page in pages]

    def count(self, user: UUID | None = None) -> int:
        """How many pages are open, of one person or in all."""
        return len(self.pages.get(user, ())) if user else sum(map(len, self.pages.values()))

    async def join(self, page: Page) -> None:
        """Let this page hear all that is told from now on; a wall's news begin where the wall joined."""
        if page.actor is not None:
            self.wall.add(page)
            try:
                await self._know_place()
            except BaseException:
                self.wall.discard(page)
                raise
        self.pages[page.user].add(page)
        self.changed.add(page.user)

    def leave(self, page: Page) -> None:
        self.wall.discard(page)
        mine = self.pages.get(page.user)
        if mine:
            mine.discard(page)
            if not mine:
                del self.pages[page.user]

    async def replay(self, page: Page, place: int) -> None:
        """Tell a wall that comes back what it missed, or to read afresh when that is not kept any more."""
        if await self.ask(queries.news_reach_back_to, place):
            next_place, ids = await self.ask(queries.news_since, WALL_TOPIC, place)
        else:
            next_place, ids = await self.ask(queries.news_place), None
        for news in await self.ask(wall_news.frames, page.actor, ids):
            page.put(frame(*news, place=next_place))

    # -- the tasks ---------------------------------------------------------------------------------

    async def _for_ever(self, work: Callable[[], Any]) -> None:
        """Keep a task going through every failure, with a pause."""
        while True:
            try:
                await work()
            except (psycopg.Error, OSError) as error:
                log.warning("%s: the database does not answer (%s)", work.__name__, type(error).__name__)
            except Exception:
                log.exception("%s failed", work.__name__)
            await asyncio.sleep(2)

    async def _listen(self) -> None:
        """Hear from the database whose inbox changed; after a broken line everybody's may have."""
        line = await psycopg.AsyncConnection.connect(**_line_parameters(), autocommit=True)
        async with line:
            await line.execute(f"LISTEN {INBOX_CHANNEL}")
            self.changed.update(self.pages)
            while True:
                async for note in line.notifies(timeout=BEAT_SECONDS):
                    told = json.loads(note.payload)
                    self.changed.update(map(UUID, told["users"]))
                    self.urgent.update(map(UUID, told["urgent"]))
                await line.execute("SELECT 1")

    async def _tell_counts(self) -> None:
        """Send changed counts, gathered for a moment so that a mass message is one question."""
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            users = [user for user in self.changed if user in self.pages]
            urgent, self.urgent, self.changed = self.urgent, set(), set()
            if not users:
                continue
            try:
                counts = await self.ask(queries.unread_counts, users)
                notices = await self.ask(_notices, urgent, users) if urgent else []
                calling = await self.ask(ringing, users)
            except BaseException:
                self.changed.update(users)
                raise
            for user, unread in counts.items():
                self._put(self.pages.get(user, ()), frame("counts", {"unread": unread}))
            for user, notice in notices:
                self._put(self.pages.get(user, ()), frame("notice", notice))
            self._tell_calls(users, calling)

    def _tell_calls(self, users: Iterable[UUID], calling: dict[UUID, list[dict[str, Any]]]) -> None:
        """Tell whom somebody calls (来电), and whose telephone has stopped ringing; nothing to all others."""
        for user in users:
            told = calling.get(user, [])
            if told or user in self.rung:
                self._put(self.pages.get(user, ()), frame("calls", {"ringing": told}))
            self.rung = self.rung | {user} if told else self.rung - {user}

    async def _know_place(self) -> int:
        """Where the walls' news go on from; what was told after the first wall joined lies behind it."""
        if self.place is None:
            place = await self.ask(queries.news_place)
            if self.place is None:
                self.place = place
        return self.place

    async def _tell_wall(self) -> None:
        """Send the wall's news, once a second while a wall is open; after a failure all walls read afresh."""
        if self.wall:
            self.place = None
            await self._put_wall(await self._know_place(), None)
        while True:
            await asyncio.sleep(WALL_SECONDS)
            if not self.wall:
                self.place = None
                continue
            place, ids = await self.ask(queries.news_since, WALL_TOPIC, await self._know_place())
            if ids is None or ids:
                await self._put_wall(place, ids)
            self.place = place

    async def _put_wall(self, place: int, ids: list[UUID] | None) -> None:
        """The same news for all walls that see the same, worked out once."""
        alike: dict[object, list[Page]] = defaultdict(list)
        for page in self.wall:
            if page.actor is not None:
                alike[page.actor.scope].append(page)
        for pages in alike.values():
            for news in await self.ask(wall_news.frames, pages[0].actor, ids):
                self._put(pages, frame(*news, place=place))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self._put(self.all_pages(), BEAT)

    async def _check(self) -> None:
        """Let go the pages whose session is over (signed out, idle, disabled, signed in elsewhere); renew the walls' rights."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            keys = {page.session for page in self.all_pages()}
            valid = await self.ask(listeners, keys) if keys else {}
            for page in self.all_pages():
                if page.session in keys and page.session not in valid:
                    page.close()
            await self._renew({page: valid[page.session] for page in self.wall if page.session in valid})

    async def _renew(self, walls: Mapping[Page, Listener]) -> None:
        """Walls go on with the rights of this minute: who may not look any more is let go, another scope is read afresh."""
        for page, actor in (await self.ask(_actors, walls)).items() if walls else ():
            if not actor.may(WALL_RIGHT):
                page.close()
                continue
            moved, page.actor = page.actor is None or actor.scope != page.actor.scope, actor
            for news in await self.ask(wall_news.frames, actor, None) if moved else ():
                page.put(frame(*news, place=self.place))

    @staticmethod
    def _put(pages: Iterable[Page], news: bytes) -> None:
        for page in list(pages):
            page.put(news)

    async def ask(self, question: Callable[..., T], *values: Any) -> T:
        """Ask the database in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, _asked, question, *values)


def _asked(question: Callable[..., T], *values: Any) -> T:
    close_old_connections()
    try:
        return question(*values)
    except Exception:
        connection.close()
        raise


def _actors(walls: Mapping[Page, Listener]) -> dict[Page, Actor]:
    """Who stands before each wall, with what he may do now."""
    return {page: found.actor for page, found in walls.items()}


def _notices(urgent: Iterable[UUID], users: Iterable[UUID]) -> list[tuple[UUID, dict[str, str]]]:
    rows = InboxMessage.objects.filter(pk__in=urgent, user_id__in=users, read_at__isnull=True)
    return [(row.user_id, {"text": row.title, "url": row.link}) for row in rows.order_by("at")]


def _line_parameters() -> dict[str, Any]:
    """How Django reaches the database, and signs of life on a line that is mostly silent."""
    keep_alive = {"keepalives": 1, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3}
    return connector_params() | keep_alive
