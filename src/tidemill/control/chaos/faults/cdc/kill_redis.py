from __future__ import annotations

from tidemill.control.chaos.fault import CDC
from tidemill.control.chaos.kinds import killed

FAULT = killed("redis", "kill-redis", "Redis is killed, and started again", (CDC,))
