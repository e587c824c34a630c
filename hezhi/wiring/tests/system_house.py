"""Settings of the running system that tests serve (测试用运行系统): the house's own, but a sign-in costs no quarter of a second.

Some two hundred sign-ins are made in the browser; that the house itself keeps passwords with Argon2 has a test of its own.
The worker's pulse is quicker, so that the work of one that was killed is found again in seconds.
"""

from hezhi.wiring.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WORKER_HEARTBEAT_SECONDS = 3
