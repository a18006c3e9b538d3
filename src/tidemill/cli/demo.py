"""`tidemill demo`."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tidemill.cli.console_line import say_console
from tidemill.cli.output import data, data_json, say, say_styled
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.demo.model import DemoEvent, DemoOutcome, DemoResult

INTERRUPTED = 130
PLAIN_LINE_EVERY_S = 2.0


def demo(
    example: str = "nyc_taxi",
    /,
    *,
    input: Annotated[Path | None, Parameter(name=["--input", "-i"])] = None,
    rows: int | None = None,
    rate: int = 5_000,
    keep: Annotated[bool, Parameter(show_default=False)] = False,
    fresh: Annotated[bool, Parameter(show_default=False)] = False,
    seed: int = 2026,
    spark: Annotated[bool, Parameter(show_default=False, negative=())] = False,
    kinesis: Annotated[bool, Parameter(show_default=False, negative=())] = False,
    compare: Annotated[bool, Parameter(show_default=False, negative=())] = False,
    common: Common = COMMON,
) -> int:
    """Run an example project, end to end.

    Starts real servers, makes data, runs the example's pipelines, checks the results against the
    same computed another way, shows them and stops everything. The taxi example streams trips into
    Postgres and follows them through Debezium and Kafka into windows; the diabetes example fills a
    lake and a warehouse, trains a model and lets it predict on a stream. It works in a copy of the
    example under .tidemill/demo, which is yours to change; a later run goes on where the last one
    stopped.

    Args:
        example: which example.
        input: nyc_taxi: a TLC trip file, yellow or green, Parquet or CSV; by default trips are
            generated. diabetes: the well-known CSV; by default the sets of R's package MASS.
        rows: how many rows to generate; by default as many as suit the example.
        rate: how many rows per second to insert; 0 for as fast as it goes.
        keep: leave the servers running at the end.
        fresh: throw away what earlier runs loaded and computed.
        seed: another seed gives other trips.
        spark: diabetes: scale the patients on Spark; shop_sessions: make the training set there.
        kinesis: clickstream_iot: run the same pipeline on an emulation of Kinesis too.
        compare: clickstream_iot: measure the latency of this engine, Flink and Spark.
        common: the options of every verb.
    """
    from tidemill.control.demo.model import DemoOutcome, DemoRequest  # noqa: PLC0415 - loaded
    from tidemill.control.demo.run import run_demo  # noqa: PLC0415

    base = common.project or Path.cwd()
    flags = {"spark": spark, "kinesis": kinesis, "compare": compare}
    options = frozenset(name for name, given in flags.items() if given)
    request = DemoRequest(example, base, input, rows, rate or None, keep, fresh, seed, options)
    result = run_demo(request, _Teller())
    if isinstance(result, DemoOutcome):
        return _end(result, common)
    if common.json:
        data_json(result.as_dict())
    else:
        _show(result)
    if result.interrupted:
        return INTERRUPTED
    if result.verification is not None:
        result.verification.raise_if_different()
    if not common.json:
        _show_next(result, common)
    return 0


class _Teller:
    """Tells events as they come: one line that changes on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._open_line = False
        self._told_at = 0.0
        self._downloading = False

    def __call__(self, event: DemoEvent) -> None:
        from tidemill.control.demo.model import ProgressEvent, StepEvent  # noqa: PLC0415
        from tidemill.control.demo.text import progress_line  # noqa: PLC0415

        if isinstance(event, ProgressEvent):
            self._progress(progress_line(event))
        elif isinstance(event, StepEvent):
            self._step(event.step, event.detail, event.seconds)
        else:
            self._server(event)

    def _step(self, step: str, detail: str, seconds: float | None) -> None:
        if seconds is None and step and not self._live:
            return
        if seconds is None and step:
            self._rewrite(f"· {step}: {detail} …")
            return
        took = "" if seconds is None else f"  {seconds:.1f} s"
        mark = "✓" if step else "·"
        self._line(f"{mark} {step:<12} {detail}{took}" if step else f"{mark} {detail}")

    def _server(self, event: Any) -> None:
        if event.kind == "ready":
            memory = f"{event.memory_bytes / 2**20:,.0f} MB" if event.memory_bytes else ""
            seconds = f"{event.seconds:.1f} s" if event.seconds is not None else ""
            self._line(f"✓ {event.server:<12} ready  {seconds}  {memory}".rstrip())
        elif event.kind == "starting":
            self._rewrite(f"· {event.server}: starting …")
        elif event.kind == "downloading" and event.files_done < event.files_total:
            self._rewrite(
                f"· downloading {event.files_done}/{event.files_total} files, "
                f"{event.bytes_done / 2**20:,.0f}/{event.bytes_total / 2**20:,.0f} MB"
            )
        elif event.kind in ("note", "failed") and event.message:
            self._line(f"· {event.server}: {event.message}")

    def _progress(self, text: str) -> None:
        now = time.monotonic()
        if self._live:
            self._rewrite(text)
        elif now - self._told_at >= PLAIN_LINE_EVERY_S:
            self._told_at = now
            say(text)

    def _rewrite(self, text: str) -> None:
        """Put a text on the line that changes; nothing where there is no terminal."""
        if self._live:
            import shutil  # noqa: PLC0415

            width = shutil.get_terminal_size().columns - 3  # room for the echo of ^C
            sys.stderr.write("\r\x1b[K" + text[: max(20, width)])
            sys.stderr.flush()
            self._open_line = True

    def _line(self, text: str) -> None:
        if self._open_line:
            sys.stderr.write("\r\x1b[K")
            self._open_line = False
        say(text)


def _end(outcome: DemoOutcome, common: Common) -> int:
    """Show what any example came to, and fail where results differ."""
    if common.json:
        data_json(outcome.as_dict())
    elif outcome.interrupted:
        say(f"\ninterrupted after {outcome.seconds:.1f} s; nothing is lost, the next run goes on")
    else:
        _show_outcome(outcome)
    if outcome.interrupted:
        return INTERRUPTED
    outcome.raise_if_different()
    if not common.json:
        _say_next(outcome.next_steps, outcome.kept_running, outcome.folder, common)
    return 0


def _show_outcome(outcome: DemoOutcome) -> None:
    say()
    for section in outcome.sections:
        data(section.title)
        data(section.text)
        data("")
    for found in outcome.comparisons:
        differ = len(found.differences)
        verdict = "equal" if not differ else f"{differ} differences"
        data(f"{found.rows:>12,}  {found.what}: {verdict}")
        for line in found.differences[:5]:
            data(f"differs: {line}")
    say(f"\n{outcome.seconds:.1f} s")


def _show(result: DemoResult) -> None:
    from tidemill.control.demo.text import (  # noqa: PLC0415
        hour_chart,
        verification_lines,
        zone_table,
    )

    say()
    if result.interrupted:
        say(f"interrupted after {result.seconds:.1f} s; nothing is lost, the next run goes on")
        return
    if result.top_zones:
        data(zone_table(result.top_zones))
        data("")
        data(hour_chart(result.hours))
        data("")
    elif result.verification is not None:
        data(f"no window has closed yet: event time stands at {result.verification.watermark}")
    if result.verification is not None:
        for line in verification_lines(result.verification):
            data(line)
    first = "" if result.first_window_s is None else f", first window {result.first_window_s:.1f} s"
    say()
    say(f"{result.rows_new:,} new rows in {result.seconds:.1f} s{first} after the start")


def _show_next(result: DemoResult, common: Common) -> None:
    from tidemill.control.demo.text import next_steps  # noqa: PLC0415

    _say_next(tuple(next_steps(result)), result.kept_running, result.folder, common)


def _say_next(steps: tuple[str, ...], running: bool, folder: Path, common: Common) -> None:
    say()
    say_styled("try next", "bold")
    if (line := activation()) is not None:
        say(f"  {line}")
    for line in steps:
        say(f"  {line}")
    if running:
        say_console(common, folder)
        say(f"the servers are running; stop them: tidemill down -C {folder}")


def activation() -> str | None:
    """What to type so that `tidemill` is found, where the shell does not find it yet."""
    import shutil  # noqa: PLC0415 - beside its only use

    script = Path(sys.prefix) / "bin" / "activate"
    if shutil.which("tidemill") is not None or not script.exists():
        return None
    near = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
    return f"source {shlex.quote(str(near))}     once in each terminal, so that it finds tidemill"


APP = verb(
    "demo",
    demo,
    """
tidemill demo
tidemill demo nyc_taxi --input yellow_tripdata_2025-01.parquet
""",
)
