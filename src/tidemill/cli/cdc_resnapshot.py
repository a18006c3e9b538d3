"""`tidemill cdc resnapshot`."""

from __future__ import annotations

from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def cdc_resnapshot(pipeline: str, /, *, force: bool = False, common: Common = COMMON) -> None:
    """Have a pipeline read all rows anew.

    It begins with those that its captured tables hold now: of `postgres-cdc`, and of topics that a
    Debezium connector of the project's Kafka Connect writes. For a slot or offsets that were lost,
    and after a TRUNCATE. Drops the slots, empties the topics, has the connectors take a snapshot,
    keeps the state as a savepoint, and empties it; the next run reads all inputs from their start.
    Other pipelines that read topics of the same connectors begin anew, too. Sinks with a primary
    key are written over; what was deleted meanwhile is left in them: empty them before the next
    run, or have `tidemill reconcile` name it.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; it must not run.
        force: also where a sink only adds rows, which then stand there twice.
        common: the options of every verb.
    """
    from tidemill.control.cdc.resnapshot import resnapshot  # noqa: PLC0415 - loaded when called

    done = resnapshot(pipeline, common.project, force=force)
    if common.json:
        data_json(done.as_dict())
        return
    slots = ", ".join(done.slots_dropped) or "none"
    say(f"{done.pipeline} begins anew with {', '.join(done.tables)}; slots dropped: {slots}.")
    if done.connectors:
        say(
            f"Emptied: {', '.join(done.topics_emptied)}; a snapshot is taken by "
            f"{', '.join(done.connectors)}."
        )
    if done.others:
        say(f"Begin anew, too: {', '.join(done.others)}.")
    if done.kept is not None:
        say(f"What was there before is kept as savepoint {done.kept}.")
    say(f"Start it: tidemill run {done.pipeline}; then: tidemill reconcile {done.pipeline}")


APP = verb("resnapshot", cdc_resnapshot, "tidemill cdc resnapshot totals")
