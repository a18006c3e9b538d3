"""`tidemill run`."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidemill.cli.output import data_json_line, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError

if TYPE_CHECKING:
    from tidemill.engine import Engine


def run(
    pipeline: str | None = None,
    /,
    *,
    until_caught_up: Annotated[bool, Parameter(show_default=False)] = False,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    every_s: float = 5.0,
    engine: Literal["embedded", "flink", "spark"] = "embedded",
    bridge: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    conf: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    var: Variables = (),
    common: Common = COMMON,
) -> int:
    """Run a pipeline.

    Runs until Ctrl-C, or until its bounded sources have ended. It can be stopped at any moment, in
    whatever way: the next run goes on where this one stopped, and no result is lost or doubled.
    Rows that cannot be processed are kept in the topic PIPELINE.dead-letter (without Kafka, under
    .tidemill/pipelines/PIPELINE/dead-letter).

    On a terminal the progress is one live line; elsewhere a line every few seconds. With --json,
    stdout has one JSON object per line: {"type": "progress", ...} now and then, and at last
    {"type": "result", ...}.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default the only one.
        until_caught_up: end when all that was there at the start has been processed.
        from_: go on from a savepoint, not from where the last run stopped: its name, of another
            pipeline PIPELINE/NAME, or its folder. What stands there now is kept as a savepoint.
            Rows from after it come again.
        every_s: how often to print the progress where there is no terminal, in seconds.
        engine: embedded, or flink: the text goes to the project's Flink (tidemill up flink) as one
            job; Ctrl-C stops it with a savepoint, from which the next run goes on. Or spark: the
            plan runs as a PySpark program, on this machine or on the cluster that spark.master
            names; what Spark cannot do as Flink does is refused.
        bridge: with --engine flink, a sink to write through a topic and an embedded pipeline, for
            exactly-once output where Flink's own sink is at least once, as jdbc is; can be given
            several times. Sinks that Flink has no connector for are bridged without it.
        conf: with --engine spark, spark.KEY=VALUE of Spark's configuration, over `spark:` in
            tidemill.yaml; can be given several times.
        var: variables.
        common: the options of every verb.
    """
    if until_caught_up and engine != "embedded":
        raise UsageError(
            f"--until-caught-up cannot be had with --engine {engine}",
            code="cli.usage",
            hint="Give the sources an end ('scan.bounded.mode' = 'latest-offset').",
        )
    if from_ is not None and engine != "embedded":
        raise UsageError(
            f"--from cannot be had with --engine {engine}",
            code="cli.usage",
            hint="A savepoint is of the embedded engine. Flink's own: tidemill flink stop, and the "
            "next run goes on from there.",
        )
    if engine == "flink" and not conf:
        from tidemill.cli.run_flink import run_on_flink  # noqa: PLC0415 - loaded when called

        return run_on_flink(
            pipeline,
            var=var,
            bridge=bridge,
            every_s=every_s,
            common=common,
        )
    if engine == "spark" and not bridge:
        from tidemill.cli.run_spark import run_on_spark  # noqa: PLC0415 - loaded when called

        return run_on_spark(
            pipeline,
            var=var,
            conf=conf,
            every_s=every_s,
            common=common,
        )
    if conf:
        raise UsageError(
            "--conf goes with --engine spark",
            code="cli.usage",
            hint="It sets Spark's configuration.",
        )
    if bridge:
        raise UsageError(
            "--bridge goes with --engine flink",
            code="cli.usage",
            hint="The embedded engine writes every sink itself.",
        )
    from tidemill.cli.progress_view import ProgressView  # noqa: PLC0415 - loaded when called
    from tidemill.control.run import run as run_pipeline  # noqa: PLC0415

    view = ProgressView(every_s=every_s, as_json=common.json)

    def started(engine: Engine) -> None:
        view.start(engine.progress)
        # What was loaded stays: the collector need not look through it while rows come.
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)

    try:
        result = run_pipeline(
            pipeline,
            common.project,
            until="caught-up" if until_caught_up else "forever",
            variables=parse_variables(var),
            started=started,
            savepoint=from_,
            said=lambda note: say(f"note: {note}"),
        )
    finally:
        view.stop()
    if common.json:
        data_json_line({"type": "result", **result.as_dict()})
        return 0
    for note in result.notes:
        say(f"note: {note}")
    view.prove(result.progress)
    say(view.summary(result.pipeline, result.progress))
    for check in result.checks:
        for one in check.failed:
            said = f"{one.unexpected} of {one.elements} rows are unexpected"
            say(f"check {check.suite}: {one.expectation.label}: {said}")
    for sentence in result.advice():
        say(sentence)
    return 0


APP = verb(
    "run",
    run,
    "tidemill run pipelines/orders.sql\ntidemill run orders --until-caught-up --var day=2026-01-05",
)
