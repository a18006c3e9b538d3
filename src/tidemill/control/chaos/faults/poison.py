from __future__ import annotations

from tidemill.control.chaos.kinds import fed

FAULT = fed("poison", "poison", "records that are wrong in many ways come in between", (1, 50))
