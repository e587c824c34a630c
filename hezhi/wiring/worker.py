"""The worker process (后台进程): one beside the web, for jobs and rounds (see `jobs`).

It may be killed at any moment. It outlives its database: when the line is cut it waits and starts
anew. Asked to stop, it takes nothing new and finishes what runs, for a while.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Sequence

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from hezhi.wiring import jobs
from hezhi.wiring.jobs import Round

log = logging.getLogger("hezhi.worker")

PAUSES = (1, 2, 5, 10)  # seconds between attempts while something is broken
GRACE = 20.0
LOOK = 1.0  # seconds between two looks at the heaps
SILENCE = 60.0  # so long a round waits for something on its heap; then it is done in any case
RARE = 60.0  # seconds; a round that comes no oftener lets the others go first after a start,
CALM = 20.0  # for so long: half a hundred lines to the database asked for at once are a storm
KEEPS = 15.0  # who rests so long gives his line to the database back: forty rounds would keep forty servers waiting


class Worker:
    """One worker: `concurrency` jobs at a time, a thread for each round, and one that looks at their heaps."""

    def __init__(
        self, concurrency: int = 4, rounds: Sequence[Round] = jobs.ROUNDS, grace: float = GRACE, calm: float = CALM
    ) -> None:
        self.concurrency, self.rounds, self.grace, self.calm = concurrency, rounds, grace, calm
        self.stopping = threading.Event()
        self.bells = {round_.path: threading.Event() for round_ in rounds if round_.heap}

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        app.perform_import_paths()  # type: ignore[no-untyped-call]
        for round_ in self.rounds:
            _ = round_.work  # a round that cannot be found stops the start, not the night
        threads = [
            threading.Thread(target=self._go_round, args=[round_, first], name=round_.path, daemon=True)
            for round_, first in first_goes(self.rounds, self.calm).items()
        ]
        if self.bells:
            threads.append(threading.Thread(target=self._look_out, name="heaps", daemon=True))
        for thread in threads:
            thread.start()
        log.info("worker started: %s jobs at a time, %s rounds", self.concurrency, len(self.rounds))
        asyncio.run(self._serve())
        for thread in threads:
            thread.join(timeout=self.grace)
        log.info("worker stopped")

    # -- jobs --------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Serve jobs, again and again, until asked to stop."""
        loop, failures = asyncio.get_running_loop(), 0
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, asyncio.current_task())
        while not self.stopping.is_set():
            try:
                await self._serve_once()
                failures = 0
            except asyncio.CancelledError:
                break
            except Exception as error:
                log.warning("the queue cannot be served (%s); trying again", type(error).__name__)
            failures += 1
            await self._rest(PAUSES[min(failures, len(PAUSES)) - 1])

    async def _serve_once(self) -> None:
        """Serve until the line to the database breaks (then it returns) or the worker is stopped."""
        # An app of its own for the line of the queue: what a job itself hands over must go by Django's
        # connection, in the transaction of its verb.
        line = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=self.concurrency + 2, timeout=5)
        mine = App(connector=line, worker_defaults=app.worker_defaults)
        mine.tasks, mine.periodic_registry = app.tasks, app.periodic_registry
        async with mine.open_async():
            await mine.run_worker_async(
                concurrency=self.concurrency,
                install_signal_handlers=False,
                update_heartbeat_interval=jobs.heartbeat(),
                stalled_worker_timeout=jobs.stalled_after(),
                shutdown_graceful_timeout=self.grace,
                fetch_job_polling_interval=2,
            )

    async def _rest(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while not self.stopping.is_set() and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.1)

    def _stop(self, serving: asyncio.Task[None] | None) -> None:
        """Take nothing new; whoever does not finish in time is left to the next worker's sweep."""
        if self.stopping.is_set():
            os._exit(1)
        log.info("stopping")
        self.stopping.set()
        for bell in self.bells.values():
            bell.set()
        last_resort = threading.Timer(self.grace + 5, os._exit, [0])
        last_resort.daemon = True
        last_resort.start()
        if serving:
            serving.cancel()

    # -- rounds ------------------------------------------------------------------------------------

    def _look_out(self) -> None:
        """Ring for the rounds on whose heap something lies: one question each second instead of all of theirs."""
        failures = 0
        while not self.stopping.is_set():
            pause = LOOK
            try:
                close_old_connections()
                for round_ in jobs.rung(self.rounds):
                    self.bells[round_.path].set()
                failures = 0
            except Exception as error:
                failures += 1
                pause = PAUSES[min(failures, len(PAUSES)) - 1]
                log.warning("the heaps cannot be looked at (%s)", type(error).__name__)
                _drop_connection()
            self.stopping.wait(pause)
        _drop_connection()

    def _go_round(self, round_: Round, first: float = 0) -> None:
        """Do the round again and again until asked to stop, for the first time after `first` seconds."""
        failures, bell = 0, self.bells.get(round_.path)
        self.stopping.wait(first)
        while not self.stopping.is_set():
            pause, awaited = round_.every, bell
            try:
                close_old_connections()
                if jobs.run_round(round_) and round_.drains:
                    pause, awaited = 0.05, None
                failures = 0
            except (DatabaseError, InterfaceError) as error:
                failures += 1
                pause = PAUSES[min(failures, len(PAUSES)) - 1]
                log.warning("round «%s»: the database does not answer (%s)", round_.name, type(error).__name__)
                _drop_connection()
            except Exception:
                failures += 1
                pause = min(round_.every * 2**failures, 300)
                log.exception("round «%s» failed", round_.name)
                _drop_connection()
            if pause >= KEEPS:
                _drop_connection()
            self.stopping.wait(pause)
            if awaited and not failures:
                if not awaited.wait(KEEPS):
                    _drop_connection()
                    awaited.wait(SILENCE - KEEPS)
                awaited.clear()
        _drop_connection()


def first_goes(rounds: Sequence[Round], calm: float = CALM) -> dict[Round, float]:
    """Seconds from the start of the worker to the first go of each round: what people wait for goes at once."""
    rare = [round_ for round_ in rounds if round_.every >= RARE]
    return {r: calm * (1 + rare.index(r) / len(rare)) if r in rare else 0.0 for r in rounds}


def _drop_connection() -> None:
    """Close this thread's connection, and with it a lock that may still hang on it."""
    try:
        connection.close()
    except (DatabaseError, InterfaceError):
        connection.connection = None
