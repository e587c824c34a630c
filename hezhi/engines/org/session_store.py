"""Where sessions are kept (会话存储): Django's own table, read by one statement that is worded once.

Every request of every officer begins with this read; worded anew through model objects it costs as much again as the
account with all its posts.
"""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as InTheDatabase

from hezhi.ground import time
from hezhi.ground.prepared import prepared

_READ = (
    "SELECT session_data FROM django_session"
    " WHERE session_key = %(key)s::text AND expire_date > %(moment)s::timestamptz"
)


class SessionStore(InTheDatabase):
    """A session as Django keeps it; only how it is read is our own. The name is part of the seal of what is stored."""

    def load(self) -> dict[str, Any]:
        """What stands in the session; one that is over or unknown is empty and gets a new key when it is written."""
        with prepared(_READ, {"key": self.session_key, "moment": time.real_now()}) as cursor:
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        told: dict[str, Any] = self.decode(row[0])
        return told
