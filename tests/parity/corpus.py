"""The corpus: what a case is, how each engine runs it, and its golden file.

`<topic>/<case>.sql` declares its tables and ends in one or more SELECTs. A table's rows lie beside
it: `'path' = 'rows.jsonl'` is relative to the case's folder. `<case>.golden.json` holds what Flink
gave: `UPDATE_GOLDENS=1` writes it, and only from Flink.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tidemill.connectors import CONNECTORS
from tidemill.control.flink_python import python_properties
from tidemill.control.parity.compare import compare
from tidemill.control.parity.embedded import CrashError, EmbeddedRun, Planned, planned, run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.parity.results import Change, QueryResult
from tidemill.engine import crash_points
from tidemill.formats import FORMATS
from tidemill.model import DataType, RowKind, TableDescriptor
from tidemill.project import ProjectFunctions, bare_project
from tidemill.runners.flink import Gateway, TableOptions, cut
from tidemill.sql import compile_script
from tidemill.sql.listing import Listing
from tidemill.sql.logical import Script

ROOT = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One case of the corpus."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).with_suffix("").as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def golden(self) -> Path:
        return self.path.with_suffix(".golden.json")

    def embedded(self, folder: Path, how: EmbeddedRun | None = None) -> list[QueryResult]:
        """Run on the embedded engine; a row that cannot be computed is an error, as on Flink."""
        script, made = _planned(self)
        results = run_script(made, self._settle, folder, how) if made else []
        assert not any(result.refused for result in results), "rows went to the dead letters"
        placed = [*zip(script.selects, results, strict=True)]
        placed += [(listing, _listed(listing)) for listing in script.listings]
        return [result for _, result in sorted(placed, key=lambda p: p[0].where.span.start)]

    def on_flink(self, gateway: Gateway) -> list[QueryResult]:
        """Run on Flink; Python functions are those of the folder `functions/` beside the case."""
        script = cut(self.text, str(self), self._for_flink)
        with TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "functions").symlink_to(self.path.parent / "functions")
            python = python_properties(bare_project(root), script)
            return run_on_flink(gateway, script, python, listings=True)

    @property
    def uses_python(self) -> bool:
        """Whether it declares functions in Python."""
        return "LANGUAGE PYTHON" in self.text

    def _settle(self, table: TableDescriptor) -> TableDescriptor:
        return replace(table, options=self._placed(table.options))

    def _for_flink(self, table: TableOptions) -> Mapping[str, str]:
        return self._placed(table.options)

    def _placed(self, options: Mapping[str, str]) -> dict[str, str]:
        path = {"path": str(self.path.parent / options["path"])} if "path" in options else {}
        return {**options, **path}


@cache
def _planned(case: Case) -> tuple[Script, Planned | None]:
    """The bound script, and the plan of its SELECTs; one for all ways of running it."""
    functions = ProjectFunctions(case.path.parent)
    script = compile_script(case.text, str(case), CONNECTORS, FORMATS, functions=functions)
    return script, planned(script) if script.selects else None


def _listed(listing: Listing) -> QueryResult:
    """What SHOW or DESCRIBE answers, as rows."""
    names = tuple(name for name, _ in listing.columns)
    types = tuple(kind for _, kind in listing.columns)
    return QueryResult(names, types, [Change(RowKind.INSERT, row) for row in listing.rows])


def plan_anew() -> None:
    """Forget all plans: a test has changed how they are made."""
    _planned.cache_clear()


def cases(folder: Path = ROOT) -> list[Case]:
    """All cases, by name."""
    return [Case(path) for path in sorted(folder.glob("*/*.sql"))]


def write_golden(case: Case, results: list[QueryResult]) -> None:
    """Keep what Flink gave, one row to a line."""
    parts = []
    for result in results:
        columns = [[n, type_text(t)] for n, t in zip(result.names, result.types, strict=True)]
        rows = sorted(_line(change) for change in result.changes)
        head = json.dumps(columns, ensure_ascii=False)
        parts.append(f'{{"columns": {head},\n"rows": [\n' + ",\n".join(rows) + "\n]}")
    case.golden.write_text("[" + ",\n".join(parts) + "]\n", encoding="utf-8")


def differences(case: Case, results: list[QueryResult], engine: str) -> list[str]:
    """What an engine's results and the golden file disagree about, line by line."""
    golden = json.loads(case.golden.read_text(encoding="utf-8"), object_hook=_tagged)
    assert len(golden) == len(results)
    said = []
    for number, (part, result) in enumerate(zip(golden, results, strict=True), 1):
        given = [type_text(kind) for kind in result.types]
        wanted = [kind for _, kind in part["columns"]]
        names = [name for name, _ in part["columns"]]
        said += [
            f"query {number}: column {name} is {a} {engine}, {b} in the golden file"
            for name, a, b in zip(names, given, wanted, strict=True)
            if a != b
        ]
        changes = [Change(_KINDS[row[0]], tuple(row[1:])) for row in part["rows"]]
        expected = QueryResult(tuple(names), result.types, changes)
        difference = compare(result, expected, (engine, "in the golden file"))
        said += [
            f"query {number}: {line}" for line in difference.lines(engine, "in the golden file")
        ]
    return said


def type_text(kind: DataType) -> str:
    """A type as golden files write it: without NOT NULL anywhere."""
    return kind.sql().replace(" NOT NULL", "")


_KINDS = {kind.short: kind for kind in RowKind}


def _line(change: Change) -> str:
    row = [change.kind.short, *change.values]
    return json.dumps(row, ensure_ascii=False, default=_tag)


def _tag(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    assert isinstance(value, bytes), value
    return {"hex": value.hex()}


def _tagged(value: dict[str, Any]) -> Any:
    if value.keys() == {"decimal"}:
        return Decimal(value["decimal"])
    return bytes.fromhex(value["hex"]) if value.keys() == {"hex"} else value


def random_crashes(seed: int, lives: int = 4) -> EmbeddedRun:
    """Small batches; in each of its first lives the engine dies at a random crash point."""
    generator = random.Random(seed)

    def life(number: int) -> None:
        if number >= lives:
            crash_points.install(None)
            return
        left = generator.randint(1, 25)

        def reached(_point: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise CrashError

        crash_points.install(reached)

    return EmbeddedRun(batch_rows=generator.choice([1, 2, 3, 5]), life=life)
