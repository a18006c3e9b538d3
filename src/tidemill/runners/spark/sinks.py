"""How the rows of an INSERT leave Spark: Python source that writes a DataFrame."""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TableDescriptor, TypeRoot
from tidemill.records import dataclass
from tidemill.runners.spark.lowering.build import cast, failing, fn, text
from tidemill.runners.spark.lowering.casts import is_utc
from tidemill.runners.spark.python_text import Values, literal
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.sources import kafka_options, refuse_file_options, refuse_jdbc_options
from tidemill.runners.spark.types import spark_type

_FILES = frozenset(("connector", "path", "format", "sink.rolling-policy.file-size",
    "sink.rolling-policy.rollover-interval", "sink.rolling-policy.check-interval",
    "sink.rolling-policy.inactivity-interval", "sink.parallelism", "auto-compaction"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sink:
    """A table that is written."""

    table: TableDescriptor
    time_zone: str
    stream: bool = False

    @property
    def connector(self) -> str:
        """Its connector."""
        return self.table.options.get("connector", "")

    @property
    def as_text(self) -> bool:
        """Whether times must be written as Flink's JSON has them."""
        form = self.table.options.get("value.format") or self.table.options.get("format")
        return form == "json"

    def column(self, index: int, made: exp.Expression, nullable: bool) -> exp.Expression:
        """The expression of a column as it is written."""
        column = self.table.schema.columns[index]
        if not column.type.nullable and nullable:
            wrong = failing(f"the column {column.name} of {self.table.name} is NOT NULL")
            made = fn("coalesce", made, wrong)
        if self.as_text:
            return self._time(made, column.type)
        timed = self.stream and column.type.root is TypeRoot.TIMESTAMP
        return cast(made, "TIMESTAMP_NTZ") if timed else made

    def _time(self, made: exp.Expression, kind: DataType) -> exp.Expression:
        if kind.root is TypeRoot.TIMESTAMP:
            return cast(made, "STRING")
        if kind.root is TypeRoot.TIMESTAMP_LTZ:
            return fn("concat", cast(made, "STRING"), text("Z"))
        return made


def holds_times(kind: DataType) -> bool:
    """Whether a timestamp stands inside a nested value."""
    parts = [p for p in (kind.element, kind.key, kind.value) if p is not None]
    parts += [f.type for f in kind.fields]
    return any(p.is_timestamp or holds_times(p) for p in parts)


def check_sink(sink: Sink, refuse: Refuser) -> None:
    """Raise UserError for what cannot be written."""
    table = sink.table
    if sink.connector not in ("filesystem", "kafka", "jdbc", "blackhole"):
        refuse.it(f"the connector {sink.connector} as a sink")
    if sink.connector == "filesystem":
        refuse_file_options(table, _FILES, refuse)
    if sink.connector == "jdbc":
        refuse_jdbc_options(table, refuse)
    for column in table.schema.columns:
        kind = column.type
        if spark_type(kind) is None:
            refuse.it(f"{kind.sql()}, the column {column.name} of the table {table.name},")
        if sink.as_text and (
            holds_times(kind) or kind.root in (TypeRoot.BINARY, TypeRoot.VARBINARY)
        ):
            refuse.it(f"{kind.sql()} in JSON, the column {column.name} of the table {table.name}")
        if sink.as_text and kind.root is TypeRoot.TIMESTAMP_LTZ and not is_utc(sink.time_zone):
            refuse.it(f"TIMESTAMP_LTZ in JSON in the time zone {sink.time_zone}")
        if sink.connector == "jdbc" and kind.root in (
            TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW, TypeRoot.MULTISET,
        ):  # fmt: skip
            refuse.it(f"{kind.sql()} in jdbc, the column {column.name} of the table {table.name}")
    if table.schema.metadata().columns:
        refuse.it(f"a metadata column in the sink {table.name}")


def batch_text(sink: Sink, frame: str, values: Values, refuse: Refuser) -> str:
    """The statement that writes all rows of a DataFrame."""
    options = sink.table.options
    if sink.connector == "filesystem":
        writer = _files(sink, f'{frame}.write.mode("append")')
        return f"{writer}({values.of(options['path'])})"
    if sink.connector == "kafka":
        lines = [
            f'{frame}.select(to_json(struct("*"), {{"ignoreNullFields": "false"}}).alias("value"))'
        ]
        lines += [
            '.write.format("kafka")',
            *(x.strip() for x in kafka_options(sink.table, values, refuse)),
        ]
        lines += [f'.option("topic", {values.of(options["topic"])})', ".save()"]
        return "(\n    " + "\n    ".join(lines) + "\n)"
    if sink.connector == "jdbc":
        return jdbc_text(sink, frame, values)
    return f'{frame}.write.format("noop").mode("append").save()'


def stream_text(sink: Sink, frame: str, values: Values, refuse: Refuser) -> str:
    """The statement that starts writing a stream; its checkpoint is named after the table."""
    options, name = sink.table.options, sink.table.name
    lines = [f"{frame}.writeStream.queryName({literal(name)})"]
    if sink.connector == "filesystem":
        lines.append(f'.format("{options["format"]}")')
        if options["format"] == "json":
            lines.append('.option("ignoreNullFields", "false")')
        lines.append(f'.option("path", {values.of(options["path"])})')
    elif sink.connector == "kafka":
        value = 'to_json(struct("*"), {"ignoreNullFields": "false"}).alias("value")'
        lines[0] = f"{frame}.select({value})"
        lines += [f".writeStream.queryName({literal(name)})", '.format("kafka")']
        lines += [line.strip() for line in kafka_options(sink.table, values, refuse)]
        lines.append(f'.option("topic", {values.of(options["topic"])})')
    elif sink.connector == "jdbc":
        call = jdbc_text(sink, "rows", values).replace("\n    ", " ").replace(",\n)", ")")
        lines.append(f".foreachBatch(lambda rows, _: {call.replace('( ', '(')})")
    else:
        lines.append('.format("noop")')
    lines += [
        '.outputMode("append")',
        f'.option("checkpointLocation", f"{{CHECKPOINTS}}/{name}")',
        ".start()",
    ]
    return "(\n    " + "\n    ".join(lines) + "\n)"


def _files(sink: Sink, writer: str) -> str:
    form = sink.table.options["format"]
    if form == "json":
        writer += '.option("ignoreNullFields", "false")'
    return f"{writer}.{form}"


def jdbc_text(sink: Sink, frame: str, values: Values) -> str:
    """A call of the program's helper `write_table`."""
    options = sink.table.options
    arguments = [frame, values.of(options["url"]), values.of(options["table-name"])]
    for key in ("username", "password"):
        arguments.append(values.of(options[key]) if key in options else "None")
    arguments.append(f"key={list(sink.table.primary_key)!r}".replace("'", '"'))
    return "write_table(\n    " + ",\n    ".join(arguments) + ",\n)"


JDBC_HELPER = '''
def write_table(rows, url, table, user, password, key):
    """Write rows into a table of Postgres in one transaction; rows with a key replace theirs.

    The rows go to a table beside it first, so the target never holds a part of them.
    """
    staging = f"tidemill_{uuid.uuid4().hex}"
    login = {name: value for name, value in (("user", user), ("password", password)) if value}
    target = sql.SQL(".").join(map(sql.Identifier, table.replace('"', "").split(".")))
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    with psycopg.connect(url.removeprefix("jdbc:"), **login) as connection:
        connection.execute(
            sql.SQL("CREATE TABLE {} AS SELECT {} FROM {} WITH NO DATA").format(
                sql.Identifier(staging), columns, target
            )
        )
        connection.commit()
        try:
            rows.write.mode("append").option("stringtype", "unspecified").jdbc(
                url, staging, properties={**login, "driver": "org.postgresql.Driver"}
            )
            statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
                target, columns, columns, sql.Identifier(staging)
            )
            if key:
                others = [name for name in rows.columns if name not in key]
                changes = sql.SQL(", ").join(
                    sql.SQL("{} = EXCLUDED.{}").format(sql.Identifier(name), sql.Identifier(name))
                    for name in others
                )
                action = sql.SQL("UPDATE SET ") + changes if others else sql.SQL("NOTHING")
                statement += sql.SQL(" ON CONFLICT ({}) DO {}").format(
                    sql.SQL(", ").join(map(sql.Identifier, key)), action
                )
            connection.execute(statement)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(staging)))
'''
