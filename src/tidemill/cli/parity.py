"""`tidemill parity`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data, data_json, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def parity(
    pipeline: str | None = None,
    /,
    *,
    input: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    timeout_s: float = 600.0,
    var: Variables = (),
    common: Common = COMMON,
) -> int:
    """Compare a pipeline here and on Flink.

    The embedded engine and Flink read exactly the same input: a Kafka topic from its begin to
    where it ends now, files as they are. What would go into each sink is compared, row by row; no
    sink is written. Needs the project's Flink: tidemill up flink. The certificate (versions,
    hash of the input, counts, verdict) is kept in .tidemill/parity as JSON and text; the exit code
    is 1 where the engines differ.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file; by default the only one.
        input: TABLE=FILE: rows that take the place of a table, in the table's format.
        timeout_s: how long a query may take on Flink, in seconds.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.control.parity.proof import parity as prove  # noqa: PLC0415 - loaded when called

    certificate = prove(
        pipeline,
        common.project,
        variables=parse_variables(var),
        files=dict(map(_table_and_file, input)),
        timeout_s=timeout_s,
        progress=lambda what: say(f"{what} ..."),
    )
    if common.json:
        data_json(certificate.as_dict())
    else:
        data(certificate.text().rstrip())
        say(f"Kept in {certificate.files[1]}")
    return 0 if certificate.agrees else 1


def _table_and_file(text: str) -> tuple[str, Path]:
    table, found, file = text.partition("=")
    if not found or not Path(file).is_file():
        raise UsageError(
            f"--input takes TABLE=FILE, not `{text}`",
            code="cli.usage",
            hint="The file must exist, with rows in the table's format.",
        )
    return table, Path(file)


APP = verb(
    "parity",
    parity,
    "tidemill parity orders\ntidemill parity pipelines/orders.sql --input orders=orders.jsonl",
)
