from __future__ import annotations

from tidemill.control.chaos.kinds import fed

FAULT = fed(
    "disorder", "disorder", "records come out of order, within the allowed lateness", (50, 500)
)
