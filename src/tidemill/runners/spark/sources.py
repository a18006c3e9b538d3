"""How each table that is read comes into Spark: Python source that makes a view of its name."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.model import ColumnKind, TableDescriptor
from tidemill.records import dataclass
from tidemill.runners.kafka_security import KAFKA, java_security
from tidemill.runners.spark.python_text import Values, block, identifier, literal
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.types import quoted, spark_type

_IGNORED_FILE = frozenset(
    (
        "connector", "path", "format", "source.report-statistics", "scan.parallelism",
        "error-handling.mode", "late-handling.mode",
    )
)  # fmt: skip
_IGNORED_JSON = frozenset(
    (
        "timestamp-format.standard", "decode.json-parser.enabled", "map-null-key.mode",
        "map-null-key.literal", "encode.decimal-as-plain-number", "encode.ignore-null-fields",
    )
)  # fmt: skip
_METADATA = {
    "timestamp": "timestamp",
    "partition": "partition",
    "offset": "offset",
    "topic": "topic",
}
_STARTS = {"earliest-offset": "earliest", "latest-offset": "latest"}


@dataclass(frozen=True, slots=True)
class Source:
    """A table that is read: its declaration and whether it ends."""

    table: TableDescriptor
    unbounded: bool


def source_text(source: Source, values: Values, refuse: Refuser) -> str:
    """The statements that make the view; raises UserError for what Spark cannot read so."""
    connector = source.table.options.get("connector", "")
    make = _SOURCES.get(connector)
    if make is None:
        refuse.it(f"the connector {connector} as a source")
    return make(source, values, refuse)


def schema_text(table: TableDescriptor) -> str:
    """The physical columns that Spark can hold, as its schema, a line each."""
    kinds = [(column.name, spark_type(column.type)) for column in table.schema.physical().columns]
    return ",\n".join(f"{quoted(name)} {kind}" for name, kind in kinds if kind is not None)


def format_options(table: TableDescriptor, name: str) -> dict[str, str]:
    """The options of a table's format, without its prefix."""
    prefixes = (f"{name}.", f"value.{name}.")
    found = {}
    for key, value in table.options.items():
        for prefix in prefixes:
            if key.startswith(prefix):
                found[key[len(prefix) :]] = value
    return found


def refuse_options(
    given: Mapping[str, str], known: frozenset[str], what: str, refuse: Refuser
) -> None:
    """Refuse options that are set to something and that this runner does nothing for."""
    for key, value in given.items():
        if key not in known and value != "false":
            refuse.it(f"the option {key} = {value} of {what}")


def refuse_file_options(table: TableDescriptor, known: frozenset[str], refuse: Refuser) -> str:
    """The format of a table in files, its options looked at."""
    form = table.options.get("format", "")
    own = {k: v for k, v in table.options.items() if not k.startswith(f"{form}.")}
    refuse_options(own, known, f"the table {table.name}", refuse)
    if form == "json":
        refuse_options(format_options(table, form), _IGNORED_JSON, "the format json", refuse)
    elif form == "parquet":
        refuse_options(format_options(table, form), frozenset(), "the format parquet", refuse)
    else:
        refuse.it(f"the format {form} of the table {table.name}")
    if table.partition_keys:
        refuse.it(f"PARTITIONED BY of the table {table.name}")
    return form


def _filesystem(source: Source, values: Values, refuse: Refuser) -> str:
    table = source.table
    known = _IGNORED_FILE | ({"source.monitor-interval"} if source.unbounded else frozenset())
    form = refuse_file_options(table, known, refuse)
    refuse_metadata(table, frozenset(), refuse)
    name = identifier(table.name)
    reader = "spark.readStream" if source.unbounded else "spark.read"
    lines = [f"{name} = (", f"    {reader}.schema("]
    lines.append("        " + block(schema_text(table), "            "))
    lines.append("    )")
    lines.append('    .option("recursiveFileLookup", "true")')
    if form == "json":
        lines.append('    .option("mode", "FAILFAST")  # a bad row fails the job, as in Flink')
    lines.append(f"    .{form}({values.of(table.options['path'])})")
    lines += [")", f"{name}.createOrReplaceTempView({literal(table.name)})"]
    return "\n".join(lines)


def refuse_metadata(table: TableDescriptor, known: frozenset[str], refuse: Refuser) -> None:
    """Refuse metadata columns that are not known."""
    for column in table.schema.metadata().columns:
        key = column.metadata_key or column.name
        if key not in known:
            refuse.it(f"the metadata column {column.name} of the table {table.name}")


_KAFKA = frozenset(
    (
        "connector", "topic", "format", "value.format", "scan.startup.mode", "scan.bounded.mode",
        "scan.parallelism", "scan.topic-partition-discovery.interval", "error-handling.mode",
        "late-handling.mode", "scan.watermark.idle-timeout", "sink.parallelism",
        "sink.transactional-id-prefix",
    )
)  # fmt: skip
_TUNING = frozenset(("group.id", "client.id", "auto.offset.reset", "enable.auto.commit"))


def kafka_options(table: TableDescriptor, values: Values, refuse: Refuser) -> list[str]:
    """The options of the connection, as lines of Python."""
    own = {
        k: v
        for k, v in table.options.items()
        if not k.startswith(("properties.", "json.", "value.json."))
    }
    refuse_options(own, _KAFKA, f"the table {table.name}", refuse)
    form = table.options.get("value.format") or table.options.get("format", "")
    if form != "json":
        refuse.it(f"the format {form} of the table {table.name}")
    refuse_options(format_options(table, "json"), _IGNORED_JSON, "the format json", refuse)
    lines = []
    for key, value in java_security(table.options, KAFKA).items():
        name = key.removeprefix("properties.")
        if name != key and name not in _TUNING:
            lines.append(f"    .option({literal('kafka.' + name)}, {values.of(value)})")
    return lines


def _kafka(source: Source, values: Values, refuse: Refuser) -> str:
    table = source.table
    connection = kafka_options(table, values, refuse)
    refuse_metadata(table, frozenset(_METADATA), refuse)
    name = identifier(table.name)
    lines = [
        f"{name}_messages = (",
        f"    {'spark.readStream' if source.unbounded else 'spark.read'}",
    ]
    lines[-1] += '.format("kafka")'
    lines += connection
    lines.append(f'    .option("subscribe", {values.of(table.options["topic"])})')
    lines.append(f'    .option("startingOffsets", "{_start(table, refuse)}")')
    if not source.unbounded:
        if table.options.get("scan.bounded.mode") != "latest-offset":
            refuse.it(f"scan.bounded.mode of the table {table.name} other than latest-offset")
        lines.append('    .option("endingOffsets", "latest")')
    lines += ["    .load()", ")"]
    lines += [
        f"{name} = (",
        f'    {name}_messages.where("value IS NOT NULL")',
        "    .select(",
        "        from_json(",
        '            col("value").cast("string"),',
        "            " + block(schema_text(table), "                ") + ",",
        '            {"mode": "FAILFAST"},  # a bad message fails the job, as in Flink',
        '        ).alias("payload"),',
        *[f'        col("{_METADATA[key]}"),' for key in _metadata_keys(table)],
        "    )",
        "    .select(",
    ]
    for column in table.schema.columns:
        kind = spark_type(column.type)
        if kind is None:
            continue
        if column.kind is ColumnKind.PHYSICAL:
            made = f"col({literal('payload.' + quoted(column.name))})"
        else:
            key = column.metadata_key or column.name
            made = f'col("{_METADATA[key]}").cast({literal(kind)}).alias({literal(column.name)})'
        lines.append(f"        {made},")
    lines += ["    )", ")", f"{name}.createOrReplaceTempView({literal(table.name)})"]
    return "\n".join(lines)


def _metadata_keys(table: TableDescriptor) -> list[str]:
    keys = [c.metadata_key or c.name for c in table.schema.metadata().columns]
    return list(dict.fromkeys(keys))


def _start(table: TableDescriptor, refuse: Refuser) -> str:
    mode = table.options.get("scan.startup.mode", "group-offsets")
    if mode not in _STARTS:
        refuse.it(
            f"scan.startup.mode = {mode} of the table {table.name}",
            hint="Set 'scan.startup.mode' to earliest-offset or latest-offset; a stream goes on "
            "from its checkpoint afterwards.",
        )
    return _STARTS[mode]


_JDBC = frozenset(
    (
        "connector", "url", "table-name", "username", "password", "driver", "compatible-mode",
        "connection.max-retry-timeout", "scan.fetch-size", "scan.auto-commit", "scan.parallelism",
        "lookup.max-retries", "sink.max-retries", "sink.buffer-flush.max-rows",
        "sink.buffer-flush.interval", "sink.parallelism", "error-handling.mode",
        "late-handling.mode",
    )
)  # fmt: skip


def refuse_jdbc_options(table: TableDescriptor, refuse: Refuser) -> None:
    """Refuse options of `jdbc` that this runner does nothing for."""
    refuse_options(table.options, _JDBC, f"the table {table.name}", refuse)


def _jdbc(source: Source, values: Values, refuse: Refuser) -> str:
    table = source.table
    refuse_jdbc_options(table, refuse)
    name = identifier(table.name)
    lines = [
        f"{name} = (",
        '    spark.read.format("jdbc")',
        '    .option("driver", "org.postgresql.Driver")',
    ]
    for key, option in (
        ("url", "url"),
        ("table-name", "dbtable"),
        ("username", "user"),
        ("password", "password"),
    ):
        if key in table.options:
            lines.append(f'    .option("{option}", {values.of(table.options[key])})')
    held = [c for c in table.schema.columns if spark_type(c.type) is not None]
    schema = schema_text(table).replace("\n", " ")
    lines += [
        f'    .option("customSchema", {literal(schema)})',
        '    .option("preferTimestampNTZ", "true")',
        "    .load()",
        f"    .select({', '.join(literal(quoted(c.name)) for c in held)})",
        ")",
        f"{name}.createOrReplaceTempView({literal(table.name)})",
    ]
    return "\n".join(lines)


_SOURCES = {"filesystem": _filesystem, "kafka": _kafka, "jdbc": _jdbc}
