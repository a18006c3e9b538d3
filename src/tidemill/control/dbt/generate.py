"""dbt's sources, exposures and docs from the pipelines.

`models/tidemill/` is written anew each time and belongs to nobody else:

    sources.yml     each table of the project's Postgres that a pipeline writes, with its columns,
                    and its freshness where it has a column of time
    exposures.yml   each pipeline, with the tables of dbt's that it reads or writes
    docs.md         what the head of each pipeline's file says of it
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tidemill.control.dbt.layout import FOLDER, SERVER, SOURCE, dbt_folder
from tidemill.control.flow import PipelineFlow, flows_of
from tidemill.control.project_context import open_project
from tidemill.model import TableDescriptor, TypeRoot
from tidemill.project import Project
from tidemill.records import dataclass

GENERATED = Path("models") / "tidemill"
_HEAD = "# Made by `tidemill dbt generate` from the pipelines; it is written anew each time.\n"
_TIMES = (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)


@dataclass(frozen=True, slots=True)
class WarehouseTable:
    """A table of the warehouse that pipelines write; `time` is its column of time, if any."""

    schema: str
    name: str
    table: TableDescriptor
    writers: tuple[str, ...]
    time: str | None


@dataclass(frozen=True, slots=True)
class Generated:
    """What was written: files from the project's folder, and the tables in them."""

    files: tuple[str, ...]
    tables: tuple[str, ...]
    pipelines: tuple[str, ...]


def generate(
    folder: Path | None = None, *, warn_after_min: int = 60, error_after_min: int = 1440
) -> Generated:
    """Write the files; raises ProjectError without a dbt project, SqlError for a bad pipeline.

    Args:
        folder: the project's folder.
        warn_after_min: after so many minutes without a new row, `dbt source freshness` warns.
        error_after_min: and after so many it fails.
    """
    project = open_project(folder)
    target = dbt_folder(project) / GENERATED
    flows = flows_of(project)
    tables = warehouse_tables(flows)
    texts = {
        "sources.yml": _HEAD + _yaml(_sources(tables, warn_after_min, error_after_min)),
        "exposures.yml": _HEAD + _yaml(_exposures(project, flows, tables)),
        "docs.md": _docs(flows),
    }
    target.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")
    return Generated(
        tuple(f"{FOLDER}/{GENERATED / name}" for name in texts),
        tuple(f"{table.schema}.{table.name}" for table in tables),
        tuple(flow.pipeline for flow in flows),
    )


def warehouse_tables(flows: Sequence[PipelineFlow]) -> list[WarehouseTable]:
    """The tables of the project's Postgres that pipelines write, each once."""
    found: dict[tuple[str, str], WarehouseTable] = {}
    for flow in flows:
        for end in flow.writes:
            if end.server != SERVER:
                continue
            schema, _, name = end.name.rpartition(".")
            key = (schema, name)
            writers = (*(found[key].writers if key in found else ()), flow.pipeline)
            found[key] = WarehouseTable(schema, name, end.table, writers, _time(end.table))
    return list(found.values())


def _time(table: TableDescriptor) -> str | None:
    """The column that says how new a row is: the last one of time, as the end of a window is."""
    times = [c.name for c in table.schema.columns if c.type.root in _TIMES]
    ends = [name for name in times if name.endswith(("_end", "_at", "_time"))]
    found = ends or times
    return found[-1] if found else None


def _sources(
    tables: Sequence[WarehouseTable], warn_after_min: int, error_after_min: int
) -> dict[str, Any]:
    schemas = dict.fromkeys(table.schema for table in tables)
    return {
        "version": 2,
        "sources": [
            {
                # One schema of Postgres is one source of dbt.
                "name": SOURCE if len(schemas) == 1 else f"{SOURCE}_{schema}",
                "schema": schema,
                "description": "Tables that pipelines of Tidemill write.",
                "tables": [
                    _table(table, warn_after_min, error_after_min)
                    for table in tables
                    if table.schema == schema
                ],
            }
            for schema in schemas
        ],
    }


def _table(table: WarehouseTable, warn_after_min: int, error_after_min: int) -> dict[str, Any]:
    written = ", ".join(table.writers)
    made: dict[str, Any] = {
        "name": table.name,
        "description": table.table.comment or f"Written by the pipeline {written}.",
    }
    config: dict[str, Any] = {"meta": {"tidemill_pipelines": list(table.writers)}}
    if table.time is not None:
        config["loaded_at_field"] = table.time
        config["freshness"] = {
            "warn_after": {"count": warn_after_min, "period": "minute"},
            "error_after": {"count": error_after_min, "period": "minute"},
        }
    made["config"] = config
    made["columns"] = [
        {
            "name": column.name,
            "data_type": column.type.sql().lower(),
            **({"description": column.comment} if column.comment else {}),
            **(
                {"data_tests": ["not_null"]}
                if column.name in table.table.primary_key or not column.type.nullable
                else {}
            ),
        }
        for column in table.table.schema.columns
    ]
    return made


def _exposures(
    project: Project, flows: Sequence[PipelineFlow], tables: Sequence[WarehouseTable]
) -> dict[str, Any]:
    known = {(table.schema, table.name) for table in tables}
    several = len({table.schema for table in tables}) > 1
    found = []
    for flow in flows:
        used = []
        for end in (*flow.reads, *flow.writes):
            schema, _, name = end.name.rpartition(".")
            source = f"{SOURCE}_{schema}" if several else SOURCE
            reference = f"source('{source}', '{name}')"
            if end.server == SERVER and (schema, name) in known and reference not in used:
                used.append(reference)
        found.append(
            {
                "name": f"tidemill_{_word(flow.pipeline)}",
                "label": f"Tidemill pipeline {flow.pipeline}",
                "type": "application",
                "maturity": "high",
                "description": "{{ doc('" + _doc(flow.pipeline) + "') }}",
                "depends_on": used,
                "owner": {"name": project.name, "email": f"{project.name}@localhost"},
            }
        )
    return {"version": 2, "exposures": found}


def _docs(flows: Sequence[PipelineFlow]) -> str:
    parts = []
    for flow in flows:
        text = flow.description or f"The pipeline {flow.pipeline}."
        reads = ", ".join(f"`{end.name}`" for end in flow.reads) or "nothing"
        writes = ", ".join(f"`{end.name}`" for end in flow.writes) or "nothing"
        # A text of the user's must not become Jinja.
        plain = text.replace("{", "&#123;").replace("}", "&#125;")
        body = f"{plain}\n\nReads {reads}; writes {writes}."
        parts.append("{% docs " + _doc(flow.pipeline) + " %}\n" + body + "\n{% enddocs %}\n")
    return "\n".join(parts)


def _doc(pipeline: str) -> str:
    return f"tidemill_{_word(pipeline)}"


def _word(name: str) -> str:
    return re.sub(r"\W+", "_", name)


def _yaml(data: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.width = 100
    writer.dump(data, text)
    return text.getvalue()
