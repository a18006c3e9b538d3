"""`tidemill why`."""

from __future__ import annotations

from tidemill.cli.output import data, data_json
from tidemill.cli.verb import COMMON, Common, verb


def why(
    pipeline: str,
    key: str,
    /,
    *,
    sink: str | None = None,
    messages: int = 20,
    common: Common = COMMON,
) -> None:
    """Show which messages a row is made of.

    The pipeline is computed anew in memory, up to the offsets that it has committed, by a plan that
    carries along where each row is from: through filters, windows, aggregates and joins. Nothing is
    written. What hides where a row is from (OVER, MATCH_RECOGNIZE, INTERSECT, EXCEPT, processing
    time) is refused by name.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        key: COLUMN=VALUE, several separated by commas; or the values of the sink's PRIMARY KEY.
        sink: the table that holds the row, where the pipeline writes several.
        messages: of how many messages of each row the content is shown.
        common: the options of every verb.
    """
    from tidemill.control.why.ask import why as reasons_of  # noqa: PLC0415 - when called

    found = reasons_of(common.project, pipeline, key, sink=sink, messages_max=messages)
    if common.json:
        data_json(found.as_dict())
        return
    for reason in found.reasons:
        data(f"{found.sink}: " + ", ".join(f"{k} {v}" for k, v in reason.row.items()))
        many = len(reason.origins)
        data(f"made of {many} message{'' if many == 1 else 's'}, up to epoch {found.epoch:,}:")
        for origin in reason.origins:
            shown = "" if origin.message is None else f"  {origin.message.value.text}"
            data(f"  {origin}{shown}")
        if reason.tables:
            data(f"and of rows of {', '.join(reason.tables)}")
    for row in () if found.reasons else found.held or ():
        data(f"{found.sink}: " + ", ".join(f"{k} {v}" for k, v in row.items()))
        data("No message up to the last commit makes this row.")
    for line in found.said:
        data(line)


APP = verb(
    "why",
    why,
    "tidemill why zone_minute 'zone=5,minute=2026-01-05 12:00:00'\ntidemill why orders 7 --json",
)
