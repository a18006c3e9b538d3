"""What a pipeline's commits say: that all of its input is through, and that its account adds up."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tidemill.control.account import PipelineAccount
from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.model import Broken
from tidemill.control.chaos.positions import Place, Positions
from tidemill.control.chaos.servers import ChaosServers

_WITHIN_S = 600.0


def wait_through(
    positions: Positions, ends: Mapping[Place, int], engine: EngineProcess, servers: ChaosServers
) -> str | None:
    """Wait until the pipeline has committed up to `ends`; else what is missing, in a sentence."""
    limit = time.monotonic() + _WITHIN_S
    while time.monotonic() < limit:
        engine.tend()
        servers.tend()
        if positions.reached(ends):
            time.sleep(1.0)  # the other sinks have the epoch soon after
            return None
        time.sleep(0.2)
    return f"the pipeline stands at {positions.last}, the input ends at {ends}"


def not_conserved(found: PipelineAccount | None) -> list[Broken]:
    """The lines of an account that do not add up."""
    return [
        Broken("conservation", f"{line.title}: {line.missing} of {line.came} rows are nowhere")
        for line in (found.unaccounted if found is not None else ())
    ]


def facts_of(found: PipelineAccount | None) -> dict[str, int]:
    """What an account says of the rows that came out, and of dead letters."""
    lines = found.lines if found is not None else ()
    return {
        "empty": 0,
        "rows_out": sum(line.went.get("out", 0) for line in lines if line.kind == "sink"),
        "windows": 0,
        "dead_letters": sum(line.went.get("dead", 0) for line in lines),
    }
