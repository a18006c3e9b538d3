from __future__ import annotations

from tidemill.control.chaos.kinds import fed

FAULT = fed("duplicates", "duplicates", "records come twice", (50, 500))
