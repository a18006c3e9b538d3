from __future__ import annotations

from tidemill.control.chaos.kinds import killed

FAULT = killed("postgres", "kill-postgres", "Postgres is killed, and started again")
