"""Settings and jobs of the worker that the fault tests kill (故障测试用)."""

from hezhi.wiring.settings import *  # noqa: F403 - the house's own settings, with a quicker pulse

WORKER_HEARTBEAT_SECONDS = 1
PROCRASTINATE_IMPORT_PATHS = ["hezhi.wiring.tests.worker_tasks"]
