"""What a task is: a Flink SQL text for every SQL engine, its inputs, the check of its output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Check:
    """How an output is compared with DuckDB over the same rows.

    Attributes:
        expected: SQL over views named as the inputs.
        compare: SQL over the table `output`, giving the same columns.
        columns: names and DuckDB types of the output's JSON fields.
        keys: columns that tell rows apart; no two rows may share them. Floats in the other columns
            may differ by 1e-9 of their value.
        closes_at: whether `expected` has a last column of that name: the event time, in
            milliseconds, at which a row is final. An engine that knows no end of its input must
            have given only those rows that the watermark has passed; it may have given others.
        closes_ms: how far the watermark lies behind the newest event.
        final: whether the output is updating: of each key only its last record counts, and a
            tombstone removes it. The table `output` has the column `record_key` beside the others.
    """

    expected: str
    compare: str
    columns: Mapping[str, str]
    keys: tuple[str, ...]
    closes_at: bool = False
    closes_ms: int = 5_000
    final: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One task over recorded inputs (keys of `bench.inputs.INPUTS`).

    Attributes:
        make_text: gives the text; its variables stand in `bench.job`.
        check: None where rows go to a sink that keeps none, as Nexmark has it; that both engines
            give the same ones is what `tests/parity` proves.
        places: rows of the table that is looked up, in Postgres and in a file; 0 for none.
        latency_key: the output's field that names the event of a row, where every row is of one
            event and of the event alone; only of such tasks latency is measured.
    """

    name: str
    title: str
    make_text: Callable[[], str]
    inputs: tuple[str, ...] = ("rides",)
    check: Check | None = None
    places: int = 0
    latency_key: str = ""


def text_of(name: str) -> Callable[[], str]:
    """Reads `<name>.sql` beside the tasks."""
    return (HERE / f"{name}.sql").read_text
