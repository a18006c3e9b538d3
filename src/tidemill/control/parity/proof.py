"""Use case `parity`: a pipeline on both engines over the same input, and what came of it.

Guarantees: what is compared is what goes into each sink, before the sink's own column types; no
sink is written. Both engines read exactly the same rows (see `bounds`).
"""

from __future__ import annotations

import datetime
import json
import platform
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tidemill.control.flink_endpoints import flink_gateway
from tidemill.control.flink_python import python_properties
from tidemill.control.flink_text import adapt, flink_script
from tidemill.control.parity.bounds import Bounds, Input, tables_read
from tidemill.control.parity.compare import Difference, compare, materialise
from tidemill.control.parity.embedded import run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.parity.queries import as_queries, sink_names
from tidemill.control.parity.results import QueryResult
from tidemill.control.pipeline import SqlSource, opened, read_sql, resolve_sql, shown_path
from tidemill.control.project_context import project_for
from tidemill.control.run import only_pipeline
from tidemill.errors import TidemillError
from tidemill.project import Project, Secret, ensure_state_dir, find_references
from tidemill.records import dataclass
from tidemill.runners.flink import Gateway, Statement, TableOptions, cut
from tidemill.sql.logical import Script
from tidemill.version import __version__

NAMES = ("embedded", "on Flink")


@dataclass(frozen=True, slots=True)
class Compared:
    """One query on both engines; counts of rows in the end."""

    sink: str
    rows_embedded: int
    rows_flink: int
    rows_late: int
    rows_rejected: int
    difference: Difference

    @property
    def agrees(self) -> bool:
        """Whether the engines agree."""
        return not self.difference and not self.rows_rejected


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was compared, with what, and the verdict."""

    pipeline: str
    made_at: str
    versions: Mapping[str, str]
    inputs: tuple[Input, ...]
    queries: tuple[Compared, ...]
    notes: tuple[str, ...]
    files: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the engines agree about everything."""
        return all(query.agrees for query in self.queries)

    def as_dict(self) -> dict[str, Any]:
        """The certificate as JSON data."""
        return {
            "version": 1,
            "verdict": "equal" if self.agrees else "different",
            "pipeline": self.pipeline,
            "made_at": self.made_at,
            "versions": dict(self.versions),
            "inputs": [asdict(given) for given in self.inputs],
            "queries": [
                {
                    "sink": query.sink,
                    "agrees": query.agrees,
                    "rows_embedded": query.rows_embedded,
                    "rows_flink": query.rows_flink,
                    "rows_late": query.rows_late,
                    "rows_rejected": query.rows_rejected,
                    "differences": query.difference.lines(*NAMES),
                }
                for query in self.queries
            ],
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """The certificate for a person."""
        lines = [f"{self.pipeline}: {'equal' if self.agrees else 'different'}"]
        lines += [f"  {name} {version}" for name, version in self.versions.items()]
        for given in self.inputs:
            rows = "" if given.rows is None else f"{given.rows:,} messages, "
            lines.append(f"  input {given.table}: {given.source}, {rows}sha256 {given.sha256}")
        for query in self.queries:
            counts = f"{query.rows_embedded:,} rows embedded, {query.rows_flink:,} on Flink"
            lines.append(f"  {query.sink}: {counts}: {'equal' if query.agrees else 'different'}")
            if query.rows_rejected:
                lines.append(f"    {query.rows_rejected:,} rows could not be computed embedded")
            lines += [f"    {line}" for line in query.difference.lines(*NAMES)]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)]) + "\n"


def parity(
    wanted: str | None,
    folder: Path | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    files: Mapping[str, Path] | None = None,
    timeout_s: float = 600.0,
    progress: Callable[[str], None] | None = None,
) -> Certificate:
    """Run a pipeline on both engines and compare; the certificate is kept in the state folder.

    Args:
        wanted: the pipeline, by name or path; None: the only one of the project.
        folder: the project's folder.
        variables: values for `${var:...}`.
        files: rows that take the place of a table, by its name.
        timeout_s: how long a query on Flink may take.
        progress: told what is done now.
    """
    tell = progress or (lambda _: None)
    project = project_for(wanted or "", folder)
    pipeline = project.pipeline(wanted if wanted is not None else only_pipeline(project))
    gateway = flink_gateway(project)
    source = resolve_sql(
        project,
        read_sql(pipeline.path),
        shown_path(pipeline.path),
        variables={**pipeline.variables, **(variables or {})},
    )
    text = as_queries(source.text, source.file)
    script = _bound(source, text)
    bounds = Bounds(tables_read(script), files or {}, _revealing(source))
    tell("reading the input")
    # Planned from the text with its sources bounded; errors were found in the text as written.
    bounded = ";\n".join(s.text for s in _adapted(source, text, project, bounds))
    tell("running on the embedded engine")
    ours = _embedded(source, bounded, pipeline.settings, project)
    tell("running on Flink")
    theirs = _flink(source, text, pipeline.settings, project, bounds, gateway, timeout_s)
    sinks = [*sink_names(source.text, source.file), *(f"query {n + 1}" for n in range(len(ours)))]
    certificate = Certificate(
        pipeline.name,
        datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        _versions(gateway),
        tuple(bounds.inputs.values()),
        tuple(
            Compared(
                sink,
                len(materialise(a)[0]),
                len(materialise(b)[0]),
                a.late,
                a.refused,
                compare(a, b, NAMES),
            )
            for sink, a, b in zip(sinks[: len(ours)], ours, theirs, strict=True)
        ),
        tuple(dict.fromkeys((*source.notes, *script.notes, *bounds.notes))),
    )
    return _kept(certificate, ensure_state_dir(project.state_dir) / "parity")


def _bound(source: SqlSource, text: str) -> Script:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used
    from tidemill.formats import FORMATS  # noqa: PLC0415
    from tidemill.sql import compile_script  # noqa: PLC0415

    try:
        return compile_script(text, source.file, CONNECTORS, FORMATS, functions=source.functions)
    except TidemillError as error:
        raise source.as_written(error) from None


def _embedded(
    source: SqlSource, text: str, settings: Mapping[str, str], project: Project
) -> list[QueryResult]:
    script = _bound(source, text)
    script = replace(script, settings={**settings, **script.settings})
    with tempfile.TemporaryDirectory(prefix="tidemill-parity-") as folder:
        return run_script(script, lambda table: opened(table, source, project.root), Path(folder))


def _flink(
    source: SqlSource,
    text: str,
    settings: Mapping[str, str],
    project: Project,
    bounds: Bounds,
    gateway: Gateway,
    timeout_s: float,
) -> list[QueryResult]:
    secrets: list[str] = []
    script = flink_script(source, text, project.root, secrets, bounds)
    try:
        return run_on_flink(
            gateway, script, {**settings, **python_properties(project, script)},
            timeout_s=timeout_s, secrets=secrets,
        )  # fmt: skip
    except TidemillError as error:
        raise source.as_written(error) from None


def _adapted(
    source: SqlSource, text: str, project: Project, bounds: Bounds
) -> tuple[Statement, ...]:
    """The statements with bounded sources; references to secrets stay references."""

    def rewrite(table: TableOptions) -> Mapping[str, str]:
        options = adapt(dict(table.options), project.root)
        return bounds(TableOptions(table.table, options, table.where))

    try:
        return cut(text, source.file, rewrite).statements
    except TidemillError as error:
        raise source.as_written(error) from None


def _revealing(source: SqlSource) -> Callable[[str], str]:
    def reveal(value: str) -> str:
        for reference in find_references(value, source.file) if "${" in value else ():
            found = source.resolver.value(reference)
            plain = found.reveal() if isinstance(found, Secret) else found
            value = value.replace("${" + reference.key + "}", plain)
        return value

    return reveal


def _versions(gateway: Gateway) -> dict[str, str]:
    return {
        "tidemill": __version__,
        "flink": gateway.version(),
        "duckdb": duckdb.__version__,
        "arrow": pa.__version__,
        "python": platform.python_version(),
    }


def _kept(certificate: Certificate, folder: Path) -> Certificate:
    """Write it as JSON and as text; return it with the files' names."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / certificate.pipeline
    data, text = stem.with_suffix(".json"), stem.with_suffix(".txt")
    data.write_text(json.dumps(certificate.as_dict(), indent=1, default=str) + "\n", "utf-8")
    text.write_text(certificate.text(), "utf-8")
    return replace(certificate, files=(str(data), str(text)))
