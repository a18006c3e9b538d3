"""A project's pipeline as a Spark program: references become environment variables."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.control.pipeline import CompiledPipeline, SqlSource, compile_pipeline
from tidemill.errors import TidemillError, UserError, Where
from tidemill.project import PipelineFile, Project, Secret, find_references
from tidemill.records import dataclass
from tidemill.runners.flink import declared_tables
from tidemill.runners.spark import SparkProgram, spark_program


@dataclass(frozen=True, slots=True)
class SparkPipeline:
    """A pipeline made for Spark, with what was taken and ignored, in sentences."""

    source: SqlSource
    program: SparkProgram
    notes: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """The values of the variables that the program reads, secrets among them."""
        found = {}
        for name, key in self.program.variables.items():
            reference = find_references("${" + key + "}", self.source.file)[0]
            value = self.source.resolver.value(reference)
            found[name] = value.reveal() if isinstance(value, Secret) else value
            self._check_login(key, found[name])
        return found

    def _check_login(self, key: str, value: str) -> None:
        """Refuse a value that could end the JAAS line that the program puts it into."""
        if not set(value) & set('"\\\n\r'):
            return
        for table in declared_tables(self.source.original, self.source.file):
            for option, text in table.options.items():
                if option.startswith("properties.sasl.") and "${" + key + "}" in text:
                    raise UserError(
                        f"the value of ${{{key}}} holds a quote, a backslash or a new line",
                        code="runner.not-on-spark",
                        where=Where(table=table.table),
                        hint=f"Spark cannot be given it as `{option}`; choose another one.",
                    )


_BOUNDED = (
    "On Spark no row of bounded input is late, as on Flink in its batch mode; run as a stream, "
    "windows may leave rows out that come behind the watermark."
)
_WATERMARK = (
    "Spark's watermark follows the greatest event time of all partitions, Flink's the least one: "
    "with several partitions other rows may be late."
)
_AT_LEAST_ONCE = (
    "The sink {table} is written at least once on Spark: after a failure rows of the last batch "
    "may stand there twice."
)
_UPSERT = (
    "The sink {table} is written at least once on Spark; by its primary key the rows end up as if "
    "once."
)


def spark_pipeline(
    project: Project,
    pipeline: PipelineFile,
    *,
    variables: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> SparkPipeline:
    """Compile a pipeline for Spark; raises UserError for what Spark does not do."""
    compiled = compile_pipeline(project, pipeline, variables=variables, lenient=lenient)
    if not compiled.script.inserts:
        raise UserError(
            f"{compiled.source.file} has no INSERT, so there is no job to run",
            code="control.nothing-to-run",
            where=Where(file=compiled.source.file),
            hint="Write INSERT INTO ... SELECT.",
        )
    unbounded = frozenset(
        stage.table.name
        for stage in compiled.plan.sources
        if not stage.bounded and stage.values is None
    )
    try:
        program = spark_program(
            compiled.script,
            f"{project.name}.{pipeline.name}",
            unbounded=unbounded,
            written=_written(compiled.source),
        )
    except TidemillError as error:
        raise compiled.source.as_written(error) from None
    notes = (*compiled.notes, *_spark_notes(compiled, program))
    return SparkPipeline(compiled.source, program, tuple(dict.fromkeys(notes)))


def _written(source: SqlSource) -> dict[str, str]:
    """Each option's value with the text that stood for it, where that has a reference."""
    found = {}
    for table in declared_tables(source.original, source.file):
        for text in table.options.values():
            value = text
            for reference in find_references(text, source.file):
                if reference.kind in ("secret", "file"):
                    continue  # what is compiled holds the reference still
                plain = source.resolver.value(reference)
                if not isinstance(plain, Secret):
                    value = value.replace("${" + reference.key + "}", plain)
            if "${" in text:
                found[value] = text
    return found


def _spark_notes(compiled: CompiledPipeline, program: SparkProgram) -> list[str]:
    notes = []
    timed = any(stage.event_time is not None for stage in compiled.plan.sources)
    if timed:
        notes.append(_WATERMARK if program.streaming else _BOUNDED)
    for insert in compiled.script.inserts:
        connector, table = insert.sink.options.get("connector"), insert.sink.name
        if connector == "kafka":
            notes.append(_AT_LEAST_ONCE.format(table=table))
        if connector == "jdbc" and program.streaming:
            text = _UPSERT if insert.sink.primary_key else _AT_LEAST_ONCE
            notes.append(text.format(table=table))
    return notes
