from __future__ import annotations

from tidemill.control.chaos.kinds import fed

FAULT = fed("schema", "schema-change", "records gain, lose and reorder columns", (50, 500))
