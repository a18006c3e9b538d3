"""`tidemill plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tidemill.cli.output import data, data_json, table
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.change.planned import ChangePlan

EXIT_CODES = {"unchanged": 0, "kept": 0, "rebuilt": 3, "lost": 4}


def plan(
    pipeline: str | None = None,
    /,
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    var: Variables = (),
    common: Common = COMMON,
) -> int:
    """Show what a changed text does to state.

    Compares the text as it is now with what the newest checkpoint holds, and says for each source,
    operator and sink what would become of it, why, and what would be read again. Changes nothing;
    a pipeline that runs goes on. `tidemill apply` does it.

    The exit code is 0 where all state is kept, 3 where some of the input is read again, 4 where
    state is lost.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default the only one.
        from_: compare with a savepoint: its name, of another pipeline PIPELINE/NAME, or its folder.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.control.change.planned import plan_change  # noqa: PLC0415 - loaded when called

    found = plan_change(pipeline, common.project, savepoint=from_, variables=parse_variables(var))
    if common.json:
        data_json(found.as_dict())
    else:
        show(found)
    return EXIT_CODES[found.verdict]


def show(found: ChangePlan) -> None:
    """Print a plan for a person."""
    from tidemill.control.change.planned import sentences  # noqa: PLC0415 - loaded when called

    table(
        ("", "of", "fate", "why"),
        [
            (one.kind, f"{one.title} ({one.id})", one.fate, one.why)
            for kind in ("source", "operator", "sink")
            for one in found.of_kind(kind)
        ],
    )
    if found.reads:
        data("")
        table(
            ("read again", "partition", "from", "to", "records"),
            [
                (r.table, r.partition, _short(r.start), _short(r.end),
                 "?" if r.records is None else f"{r.records:,}")
                for r in found.reads
            ],
            right=("records",),
        )  # fmt: skip
    data("")
    for sentence in sentences(found):
        data(sentence)


def _short(position: object) -> str:
    if isinstance(position, dict):
        position = "the end" if position.get("done") else position.get("offset", position)
    return "the begin" if position is None else f"{position}"


APP = verb("plan", plan, "tidemill plan orders\ntidemill plan orders --from before-134 --json")
