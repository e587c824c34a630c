"""The web server with a warm master (预热的网页服务): the house is read once, and every worker is a fork of it.

    python -m hezhi.wiring.warm …granian's own words…

A worker that was killed answers again at once, instead of after a start of its own that costs seconds of CPU while
people wait (decision 0112). The master itself serves nobody and holds no line to the database.
"""

import gc
import logging
import multiprocessing
import os
import threading

from granian.cli import entrypoint

log = logging.getLogger("hezhi.warm")
LOOKED_AT = ("/accounts/login/", "/")
"""Pages asked for once by a stranger: templates, forms, addresses and rights are read by the first who asks."""


def warm() -> None:
    """Read all that a worker would read, and leave the database; without a database, as far as it goes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    from hezhi.wiring.wsgi import application  # isort: skip  # the door reads the house

    from django.db import connections
    from django.test import RequestFactory
    from django.urls import get_resolver

    get_resolver()._populate()
    for path in LOOKED_AT:
        request = RequestFactory(headers={"host": "127.0.0.1"}).get(path)
        try:
            application(request.environ, lambda status, headers, problem=None: lambda data: None)
        except Exception as error:  # a worker would say the same to whoever asks
            log.warning("the page %s could not be read ahead (%s)", path, type(error).__name__)
    connections.close_all()


def settle() -> None:
    """What is loaded now stays: the collector never looks through it again, and forks keep sharing it."""
    gc.collect()
    gc.freeze()


def main() -> None:
    """Warm up, then be the server."""
    multiprocessing.set_start_method("fork")
    warm()
    if threading.active_count() > 1:  # a fork goes on without them, and with whatever lock they held
        raise RuntimeError(f"threads run in the master: {[each.name for each in threading.enumerate()]}")
    settle()
    entrypoint()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
