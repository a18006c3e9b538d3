"""Use case: a pipeline written out as a project of its own, which needs no Tidemill.

Guarantees: no secret is written: options with references are read from environment variables. For
Spark, a variable inside a query stands there as its value. A folder that holds anything is left
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tidemill.control.eject_texts import flink_readme, render_script, spark_readme
from tidemill.control.flink_text import adapt
from tidemill.control.pipeline import compile_pipeline, read_sql, shown_path
from tidemill.control.project_context import project_for
from tidemill.control.spark_text import spark_pipeline
from tidemill.errors import UserError, Where
from tidemill.project import PipelineFile, Project
from tidemill.project.references import find_sql_references
from tidemill.records import dataclass
from tidemill.runners.flink import TableOptions, as_one_job, cut
from tidemill.runners.spark.python_text import variable_name
from tidemill.services.artifacts import server_files

Target = Literal["spark", "flink"]
_NEEDS = {
    "kafka": ("spark-sql-kafka", "spark-token-provider", "kafka-clients", "commons-pool2"),
    "jdbc": ("postgresql",),
}


@dataclass(frozen=True, slots=True)
class Ejected:
    """What was written; `variables` are the environment variables, with what they stand for."""

    folder: str
    files: tuple[str, ...]
    variables: Mapping[str, str]
    notes: tuple[str, ...]


def eject(
    wanted: str,
    target: Target,
    into: Path,
    folder: Path | None = None,
    *,
    variables: Mapping[str, str] | None = None,
) -> Ejected:
    """Write a pipeline as a project for Spark or Flink; raises TidemillError.

    Args:
        wanted: the pipeline, by name or path.
        target: for which engine.
        into: the folder to write; it must be empty or absent.
        folder: the project's folder.
        variables: values for `${var:...}`, for checking.
    """
    project = project_for(wanted, folder)
    pipeline = project.pipeline(wanted)
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UserError(
            f"{into} is there and not an empty folder",
            code="control.not-empty",
            where=Where(file=str(into)),
            hint="Name another folder, or remove it.",
        )
    make = _spark if target == "spark" else _flink
    files, found, notes = make(project, pipeline, variables or {})
    into.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (into / name).write_text(text, encoding="utf-8")
    return Ejected(shown_path(into), tuple(files), found, notes)


_Made = tuple[dict[str, str], Mapping[str, str], tuple[str, ...]]


def _spark(project: Project, pipeline: PipelineFile, variables: Mapping[str, str]) -> _Made:
    made = spark_pipeline(project, pipeline, variables=variables, lenient=True)
    wanted = tuple(part for need in sorted(made.program.needs) for part in _NEEDS[need])
    jars = [
        file.coordinates
        for file in server_files("spark").files
        if file.name.startswith(wanted) and wanted
    ]
    requirements = ["pyspark==4.2.0"]
    if "psycopg" in made.program.text:
        requirements.append("psycopg[binary]==3.*")
    files = {
        f"{pipeline.name}.py": made.program.text,
        "requirements.txt": "\n".join(requirements) + "\n",
        "jars.txt": "".join(f"{jar}\n" for jar in jars),
        "README.md": spark_readme(pipeline.name, made.program, jars, made.notes),
    }
    return files, made.program.variables, made.notes


def _flink(project: Project, pipeline: PipelineFile, variables: Mapping[str, str]) -> _Made:
    compiled = compile_pipeline(project, pipeline, variables=variables, lenient=True)
    file = shown_path(pipeline.path)
    text, found = read_sql(pipeline.path), {}
    for reference in reversed(find_sql_references(text, file)):
        name = variable_name(reference.key)
        found[name] = reference.key
        span = reference.where.span
        text = text[: span.start] + "${" + name + "}" + text[span.end :]

    def rewrite(table: TableOptions) -> Mapping[str, str]:
        options = adapt(dict(table.options), Path())
        path = table.options.get("path")
        if table.options.get("connector") == "filesystem" and path is not None:
            local = "://" not in path and not path.startswith(("/", "${"))
            options["path"] = "${PROJECT_FOLDER}/" + path if local else path
            if local:
                found["PROJECT_FOLDER"] = "the folder that relative paths begin at"
        return options

    script = cut(text, file, rewrite)
    settings = {**pipeline.settings, "pipeline.name": f"{project.name}.{pipeline.name}"}
    head = "".join(
        f"SET '{key}' = '{value.replace(chr(39), chr(39) * 2)}';\n"
        for key, value in settings.items()
    )
    body = ";\n\n".join(statement.text for statement in as_one_job(script.statements))
    jars = [f.coordinates for f in server_files("flink").files if "sql-gateway" not in f.name]
    files = {
        f"{pipeline.name}.sql": f"{head}\n{body};\n",
        "render.py": render_script(),
        "jars.txt": "".join(f"{jar}\n" for jar in jars),
        "README.md": flink_readme(pipeline.name, found, jars, script.notes),
    }
    return files, dict(sorted(found.items())), (*compiled.notes, *script.notes)
