from __future__ import annotations

from tidemill.control.chaos.fault import CDC
from tidemill.control.chaos.kinds import killed

FAULT = killed("connect", "kill-connect", "Kafka Connect is killed, and started again", (CDC,))
