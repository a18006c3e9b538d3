"""`tidemill chaos`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidemill.cli.output import data, data_json, table
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UserError, Where

if TYPE_CHECKING:
    from tidemill.control.chaos.model import Action, ChaosResult

INTERRUPTED = 130


def chaos(
    pipeline: str | None = None,
    /,
    *,
    built_in: Literal["windows", "cdc"] = "windows",
    seed: int = 1,
    minutes: float = 5.0,
    kills: int | None = None,
    faults: str = "",
    double: Annotated[bool, Parameter(show_default=False)] = False,
    rate: int = 1_000,
    recover_within_s: float = 120.0,
    schedule: Path | None = None,
    no_minimise: Annotated[bool, Parameter(show_default=False)] = False,
    keep: Annotated[bool, Parameter(show_default=False)] = False,
    list_: Annotated[bool, Parameter(name="--list", show_default=False)] = False,
    common: Common = COMMON,
) -> int:
    """Hurt a pipeline and its servers, and check what must hold.

    Starts a Kafka and a Postgres of its own, each behind a relay, feeds generated rows to the
    pipeline, and injects one fault after the other: kills, also at named places of an epoch, frozen
    processes, slow, silent and broken connections, a full disk, a damaged checkpoint, two engines
    at once, and more (--list). After each it waits until epochs are committed again, and looks:
    nothing lost, nothing twice, in order, windows as DuckDB computes them from the same input,
    copies and sums as the captured table has them, every row accounted for.
    Nothing of the project is touched.

    Faults follow from the seed alone. Where something does not hold, the run ends, and shorter
    schedules are tried until nothing can be left out. Ctrl-C ends it after the action in hand, with
    the last checks; a second one at once. The result is kept in .tidemill/chaos, and
    the console shows it under Faults. The exit code is 1 where something did not hold.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default a built-in one.
        built_in: which built-in one. `windows`: keyed windows from Kafka into an exactly-once topic
            and Postgres. `cdc`: a table of Postgres that is written all the time, by Debezium in
            Kafka Connect into Kafka, copied by key and summed up into Postgres and Redis.
        seed: another seed gives other faults and other rows.
        minutes: how long, without the start of the servers and the last check.
        kills: end when so many processes were killed.
        faults: only these, with commas between.
        double: every other time with a second fault while the first is there or healed.
        rate: how many rows are fed per second.
        recover_within_s: how long it may take until epochs are committed again, in seconds.
        schedule: a file with the lines of a schedule, as a result shows them; no others are taken.
        no_minimise: do not look for a shorter schedule.
        keep: keep the folder of the run, with logs and checkpoints, also where all held.
        list_: print the fault table and end.
        common: the options of every verb.
    """
    if list_:
        return _list(common)
    from tidemill.cli.chaos_view import ChaosView, show  # noqa: PLC0415 - loaded when called
    from tidemill.control.chaos.model import ChaosRequest  # noqa: PLC0415
    from tidemill.control.chaos.run import run_chaos  # noqa: PLC0415

    request = ChaosRequest(
        pipeline, common.project, seed, minutes, kills,
        tuple(name.strip() for name in faults.split(",") if name.strip()),
        double, rate, _schedule(schedule), not no_minimise, keep, (), recover_within_s, built_in,
        schedule,
    )  # fmt: skip
    with ChaosView(request) as view:
        result = run_chaos(request, view)
    if common.json:
        data_json(result.as_dict())
    else:
        show(result)
    return _code(result)


def _code(result: ChaosResult) -> int:
    if not result.holds:
        return 1
    return INTERRUPTED if result.interrupted else 0


def _schedule(path: Path | None) -> tuple[Action, ...]:
    from tidemill.control.chaos.schedule import parse_schedule  # noqa: PLC0415 - loaded when called

    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(
            f"{path} cannot be read: {reason}", code="cli.unreadable", where=Where(file=str(path))
        ) from None
    return parse_schedule(lines, str(path))


def _list(common: Common) -> int:
    from tidemill.control.chaos.faults import FAULTS  # noqa: PLC0415 - loaded when called
    from tidemill.control.chaos.model import INVARIANTS  # noqa: PLC0415

    if common.json:
        said = {name: fault.says for name, fault in FAULTS.items()}
        data_json({"faults": said, "invariants": dict(INVARIANTS)})
        return 0
    table(
        ("fault", "pipelines", "what happens"),
        [(name, ", ".join(fault.pipelines), fault.says) for name, fault in FAULTS.items()],
    )
    data("")
    table(("invariant", "what must hold"), list(INVARIANTS.items()))
    return 0


APP = verb(
    "chaos",
    chaos,
    "tidemill chaos --minutes 2\ntidemill chaos --seed 7 --kills 100 --double --minutes 30\n"
    "tidemill chaos --faults kill-at,damaged-checkpoint --minutes 1\n"
    "tidemill chaos --built-in cdc --rate 100 --minutes 30",
)
