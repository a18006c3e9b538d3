from __future__ import annotations

from tidemill.control.chaos.kinds import killed

FAULT = killed("kafka", "kill-broker", "Kafka is killed, and started again")
