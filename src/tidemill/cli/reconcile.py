"""`tidemill reconcile`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tidemill.cli.output import data, data_json
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.reconcile.prove import Reconciled


def reconcile(
    pipeline: str | None = None,
    /,
    *,
    sink: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    against: str | None = None,
    live: Annotated[bool, Parameter(negative=())] = False,
    wait_s: float = 60.0,
    var: Variables = (),
    common: Common = COMMON,
) -> int:
    """Compare what sinks hold with what they should.

    By default the pipeline's rows are computed anew from its inputs, in memory, up to where they
    end now; stop the pipeline or let it catch up before. With --against they are read from another
    table of the file, such as the source behind a copy. Rows are matched by the sink's PRIMARY KEY
    and compared by checksums; sinks of jdbc, redis and filesystem can be read back. The exit code
    is 1 where something differs.

    With --live the pipeline runs on and both tables are written: they are compared at one place in
    the log of the --against table, by checksums of ranges of the key, and ranges that differ are
    cut down to the rows. Rows that change meanwhile are looked at again, so that they are no false
    alarm. The --against table has to be in Postgres (jdbc, postgres-cdc); the sink may be of jdbc,
    kafka, upsert-kafka, filesystem, iceberg, delta or redis.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default the only one.
        sink: a table that the pipeline writes, once for each; by default all.
        against: a table of the file that holds what the sink should.
        live: compare while both are written, at one place in the log.
        wait_s: with --live, seconds that the pipeline may take to come to that place, and rows that
            change to be settled.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.control.reconcile.prove import reconcile as prove  # noqa: PLC0415 - when called

    found = prove(
        pipeline, common.project, sinks=sink, against=against, live=live, wait_s=wait_s,
        variables=parse_variables(var),
    )  # fmt: skip
    if common.json:
        data_json(found.as_dict())
    else:
        for one in found.sinks:
            for line in _lines(one):
                data(line)
        for note in found.notes:
            data(f"note: {note}")
    return 0 if found.agrees else 1


def _lines(one: Reconciled) -> list[str]:
    verdict = one.verdict
    lines = [
        f"{one.sink}: {verdict}",
        f"  {one.against}: {one.expected.rows:,} rows, checksum {one.expected.checksum}",
        f"  in the sink: {one.found.rows:,} rows, checksum {one.found.checksum}",
    ]
    if one.unreadable:
        lines.append(f"  {one.unreadable:,} rows of the sink do not fit its columns")
    differ = one.differences
    for what, count, rows in (
        ("missing", differ.missing, differ.missing_rows),
        ("unexpected", differ.unexpected, differ.unexpected_rows),
        ("different", differ.different, differ.different_rows),
    ):
        lines += [f"  {what}: {_row(row)}" for row in rows]
        if count > len(rows):
            lines.append(f"  {what}: ... and {count - len(rows):,} more")
    return lines


def _row(row: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value[1]} instead of {value[0]}"
        if isinstance(value, tuple)
        else f"{name} {value}"
        for name, value in row.items()
    )


APP = verb(
    "reconcile",
    reconcile,
    "tidemill reconcile sessions\ntidemill reconcile copy --sink target --against source --live",
)
