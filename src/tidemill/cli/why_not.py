"""`tidemill why-not`."""

from __future__ import annotations

from tidemill.cli.output import data, data_json
from tidemill.cli.verb import COMMON, Common, verb


def why_not(pipeline: str, message: str, /, *, common: Common = COMMON) -> None:
    """Show where a message ended.

    A message of a topic that a pipeline reads may wait, be a dead letter, be dropped by a
    condition, come too late, meet no other row, or be part of a result. To find out, the pipeline
    is computed anew in memory, with the message and without it; nothing is written.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        message: TOPIC:PARTITION:OFFSET, such as trips:0:42.
        common: the options of every verb.
    """
    from tidemill.control.why_not.ask import why_not as fate_of  # noqa: PLC0415 - when called
    from tidemill.control.why_not.place import parse_place  # noqa: PLC0415

    fate = fate_of(common.project, pipeline, parse_place(message))
    if common.json:
        data_json(fate.as_dict())
        return
    data(f"{fate.place} is read as a row of {fate.table}.")
    for line in fate.said:
        data(line)
    for effect in fate.effects:
        for sign, rows in (("+", effect.adds), ("-", effect.takes)):
            for row in rows:
                shown = ", ".join(f"{name} {value}" for name, value in row.items())
                data(f"  {sign} {effect.sink}: {shown}")


APP = verb(
    "why-not",
    why_not,
    "tidemill why-not zone_minute trips:0:42\ntidemill why-not orders shop.orders:0:7 --json",
)
