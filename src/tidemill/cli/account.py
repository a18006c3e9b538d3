"""`tidemill account`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tidemill.cli.output import data, data_json, say, table
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.engine.accounting import Account


def account(pipeline: str, /, *, common: Common = COMMON) -> int:
    """Show where every row went.

    For each source, operator and sink: what came, and what became of it, as counted since the
    pipeline first started and committed with its last epoch. A run checks the same before each
    commit. The exit code is 3 where rows are missing, which is a fault of Tidemill.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        common: the options of every verb.
    """
    from tidemill.control.account import account as of_pipeline  # noqa: PLC0415 - when called

    found = of_pipeline(common.project, pipeline)
    if common.json:
        data_json(found.as_dict())
    else:
        table(
            ("", "of", "came", "added", "went", "also", "missing"),
            [_line(line) for line in found.lines],
            right=("came", "added", "missing"),
        )
        data("")
        wrong = found.unaccounted
        if wrong:
            data(f"{len(wrong)} of {len(found.lines)} lines do not add up.")
        else:
            data(f"Every row is accounted for: {found.came:,} came, up to epoch {found.epoch:,}.")
        for name, proof in found.histories.items():
            for sentence in proof.sentences(name):
                data(sentence)
        say("`added` and `filtered`: by how many rows a step gave more or fewer than it got.")
    return 3 if found.unaccounted else 0


def _line(line: Account) -> tuple[object, ...]:
    title = line.title if line.id == line.title else f"{line.title} ({line.id})"
    return (
        line.kind, title, f"{line.came:,}", _number(line.expanded), _counts(line.went),
        _counts(line.also), _number(line.missing),
    )  # fmt: skip


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{value:,} {key}" for key, value in counts.items() if value) or "-"


def _number(value: int) -> str:
    return f"{value:,}" if value else "-"


APP = verb("account", account, "tidemill account zone_minute\ntidemill account orders --json")
