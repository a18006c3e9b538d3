"""The old and the new version of a pipeline over the same input, and what their outputs differ in.

Both read the past of their tables from its begin to where the pipeline stands, side by side, into
shadow outputs in memory; what the pipeline itself does is not touched, and it may go on running.
Windows that are open there are in neither.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from tidemill.control.change.inputs import past_of
from tidemill.control.change.past import Past, part_of, read_past
from tidemill.control.change.planned import ChangePlan
from tidemill.control.change.versions import compile_old
from tidemill.control.pipeline import CompiledPipeline, opened
from tidemill.control.reconcile.compare import Differences, differences
from tidemill.control.reconcile.recompute import materialised
from tidemill.errors import UserError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import TableDescriptor
from tidemill.project import Project
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class SinkDifference:
    """One table under both versions, compared by `columns`, which both have.

    `rows_old` and `rows_new` are None where a version does not write it. In `differences`,
    missing rows are only in the old output, unexpected ones only in the new.
    """

    sink: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows_old: int | None
    rows_new: int | None
    differences: Differences

    @property
    def equal(self) -> bool:
        """Whether both versions give the same rows."""
        return self.rows_old is not None and self.rows_new is not None and not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "equal": self.equal}


def side_by_side(project: Project, plan: ChangePlan) -> list[SinkDifference]:
    """Run both versions over the same input, and compare what they give.

    Raises:
        UserError: `control.no-old-text` where the old text was not kept; `control.not-again` where
            a table does not give its past again.
    """
    state = project.state_dir / "pipelines" / plan.pipeline
    old = compile_old(project, project.pipeline(plan.file), state, plan.manifest)
    if old is None:
        raise UserError(
            f"the text that {plan.pipeline} has run with was not kept",
            code="control.no-old-text",
            where=Where(pipeline=plan.pipeline),
            hint="Run the old text once more, then change it.",
        )
    with tempfile.TemporaryDirectory(prefix="tidemill-apply-") as folder:
        with ThreadPoolExecutor(2) as both:
            first = both.submit(_run, project, plan, old, Path(folder) / "old")
            second = both.submit(_run, project, plan, plan.compiled, Path(folder) / "new")
            before, after = first.result(), second.result()
        return _compared(old, before, plan.compiled, after)


def _run(project: Project, plan: ChangePlan, version: CompiledPipeline, folder: Path) -> Past:
    from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

    context = JobContext(f"{project.name}.{plan.pipeline}", FORMATS)

    def settle(table: TableDescriptor) -> TableDescriptor:
        return opened(table, version.source, project.root)

    whole = part_of(
        version.plan,
        frozenset(s.id for s in version.plan.sources),
        frozenset(o.id for o in version.plan.operators),
        frozenset(o.id for o in version.plan.outputs),
    )
    positions = plan.manifest["positions"]
    for stage in whole.sources:
        name = stage.table.name
        if stage.values is None and name in positions:
            found = past_of(settle(stage.table), positions[name], 0, context)
            if not found.possible:
                raise UserError(
                    f"`{name}` does not give its past again",
                    code="control.not-again",
                    where=Where(pipeline=plan.pipeline, table=name),
                    detail=found.missing,
                    hint="Apply without --side-by-side.",
                )
    return read_past(whole, positions, settle, folder, context)


def _compared(
    old: CompiledPipeline, before: Past, new: CompiledPipeline, after: Past
) -> list[SinkDifference]:
    was, now = _sinks(old), _sinks(new)
    found = []
    for name in dict.fromkeys((*was, *now)):
        one = materialised(before.rows.get(name, []), was[name]) if name in was else None
        two = materialised(after.rows.get(name, []), now[name]) if name in now else None
        key = now[name].primary_key if name in now else was[name].primary_key
        found.append(_sink(name, key, one, two))
    return found


def _sink(
    name: str, key: Sequence[str], old: pa.Table | None, new: pa.Table | None
) -> SinkDifference:
    known = [table for table in (old, new) if table is not None]
    columns = [c for c in known[0].column_names if all(c in t.column_names for t in known)]
    differ = Differences(0, 0, 0)
    if old is not None and new is not None and columns:
        one, two = old.select(columns), new.select(columns)
        keys = key if all(k in columns for k in key) else ()
        differ = differences(one, _alike(two, one), keys)
    return SinkDifference(
        name, tuple(key), tuple(columns),
        None if old is None else old.num_rows, None if new is None else new.num_rows, differ,
    )  # fmt: skip


def _alike(table: pa.Table, other: pa.Table) -> pa.Table:
    """With the other's types where the values fit; rows with values that do not are different."""
    try:
        return table.cast(other.schema)
    except pa.ArrowException:
        return table


def _sinks(version: CompiledPipeline) -> Mapping[str, TableDescriptor]:
    return {insert.sink.name: insert.sink for insert in version.script.inserts}


def difference_lines(
    found: Sequence[SinkDifference],
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> list[str]:
    """What differs, in lines for people: rows only in old, only in new, and changed, by key.

    `shown` gives a row as it may be shown, with personal values hidden.
    """
    lines = []
    for one in found:
        if one.rows_old is None or one.rows_new is None:
            which = "old" if one.rows_new is None else "new"
            lines.append(f"{one.sink}: only the {which} version writes it")
            continue
        differ = one.differences
        if one.equal:
            lines.append(f"{one.sink}: the same {one.rows_new:,} rows")
            continue
        lines.append(
            f"{one.sink}: {differ.missing:,} rows only in old, {differ.unexpected:,} only in new, "
            f"{differ.different:,} changed"
        )
        lines += [f"  only in old: {_row(shown(row))}" for row in differ.missing_rows]
        lines += [f"  only in new: {_row(shown(row))}" for row in differ.unexpected_rows]
        lines += [f"  changed: {_pair(shown(row))}" for row in differ.different_rows]
    return lines


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in row.items())


def _pair(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key}={value[0]} -> {value[1]}" if isinstance(value, list | tuple) else f"{key}={value}"
        for key, value in row.items()
    )
