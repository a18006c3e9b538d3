"""The WITH clause of a table: variables put in, connector and formats found, every key checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidemill.errors import ProjectError, Span, SqlError, did_you_mean
from tidemill.interfaces.connector import Connector
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import OptionSet
from tidemill.records import dataclass
from tidemill.sql.session import Session
from tidemill.sql.syntax.definitions import OptionPair, TableDefinition
from tidemill.sql.text import SourceText, cover

_FORMAT_KEYS = {"format": "", "key.format": "key.", "value.format": "value."}
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_KNOWN_CONNECTORS = frozenset(
    [
        "firehose",
        "dynamodb",
        "elasticsearch-6",
        "elasticsearch-7",
        "opensearch",
        "mongodb",
        "hbase-1.4",
        "hbase-2.2",
        "pulsar",
        "iceberg",
        "paimon",
        "hudi",
        "delta",
        "postgres-cdc",
        "mysql-cdc",
        "mongodb-cdc",
        "sqlserver-cdc",
        "oracle-cdc",
        "hive",
        "prometheus",
        "starrocks",
        "confluent",
        "nexmark",
        "python-input-format",
        "fluss",
    ]
)
_KNOWN_FORMATS = frozenset(
    [
        "canal-json",
        "maxwell-json",
        "ogg-json",
        "orc",
        "json-registry",
        "avro-registry",
        "proto-registry",
        "csv",
        "parquet",
        "raw",
        "json",
        "debezium-json",
    ]
)

_CLOUD = {
    "confluent": "It is Confluent's cloud's; write 'connector' = 'kafka' with 'topic', "
    "'properties.bootstrap.servers' and 'format'.",
    "avro-registry": "It is Confluent's cloud's; the same format is 'avro-confluent' elsewhere.",
    "json-registry": "It is Confluent's cloud's; write 'format' = 'json'.",
    "proto-registry": "It is Confluent's cloud's; the same format is 'protobuf' elsewhere.",
}


@dataclass(frozen=True, slots=True)
class TableOptions:
    """A checked WITH clause: plain values by key, and what they name."""

    values: Mapping[str, str]
    connector: Connector
    value_format: FormatFactory | None


@dataclass(frozen=True, slots=True)
class _Given:
    """One option as written."""

    key: str
    value: str
    key_span: Span
    value_span: Span

    @property
    def span(self) -> Span:
        return cover(self.key_span, self.value_span)

    @property
    def open(self) -> bool:
        """Whether a variable in the value is put in only when the table is opened."""
        return _VARIABLE.search(self.value) is not None


def check_options(session: Session, definition: TableDefinition) -> TableOptions:
    """The checked options of a table; SqlError that points at the option that is wrong."""
    span = definition.options_span or definition.path.span
    given = _given(session, definition.options)
    _refuse_legacy(session.source, given)
    connector = _connector(session, given, definition, span)
    prefixes: dict[str, FormatFactory] = {}
    factories: dict[str, FormatFactory] = {}
    for key, prefix in _FORMAT_KEYS.items():
        if key in given:
            factory = _format(session, given[key])
            factories[key] = factory
            prefixes[f"{prefix}{factory.name}."] = factory
    own: list[_Given] = []
    by_format: dict[str, list[_Given]] = {prefix: [] for prefix in prefixes}
    for option in given.values():
        owner = next((p for p in prefixes if option.key.startswith(p)), None)
        if owner is not None:
            by_format[owner].append(replace(option, key=option.key[len(owner) :]))
        elif option.key != "connector":
            own.append(option)
    for prefix, options in by_format.items():
        _check(session.source, prefixes[prefix].options, options, span, prefix)
    _check(session.source, connector.options, own, span)
    values = {option.key: option.value for option in given.values()}
    return TableOptions(values, connector, factories.get("value.format", factories.get("format")))


def check_columns_named(
    session: Session, definition: TableDefinition, options: TableOptions, columns: Sequence[str]
) -> None:
    """Options that name columns, such as a key's pattern, name those of the table; or SqlError."""
    declared = {o.key: o for o in options.connector.options.options if o.columns_named is not None}
    for key, value in definition.options:
        option = declared.get(key.value)
        named = option.columns_named(options.values[key.value]) if option else ()  # type: ignore[misc]
        for name in named:
            if name not in columns:
                raise session.source.error(
                    "bad-option",
                    f"the option '{key.value}' names the column `{name}`, which "
                    f"`{definition.path}` lacks",
                    value.span,
                    hint=did_you_mean(name, columns) or f"Columns: {', '.join(columns)}.",
                )


def check_catalog_options(
    session: Session, declared: OptionSet, pairs: Sequence[OptionPair], span: Span
) -> dict[str, str]:
    """The options of a CREATE CATALOG by key, checked; SqlError that points at what is wrong."""
    given = _given(session, pairs)
    own = [option for option in given.values() if option.key != "type"]
    _check(session.source, declared, own, span)
    return {option.key: option.value for option in given.values()}


def _given(session: Session, pairs: Sequence[OptionPair]) -> dict[str, _Given]:
    given: dict[str, _Given] = {}
    for key, value in pairs:
        if key.value in given:
            raise session.source.error(
                "bad-option", f"the option '{key.value}' is there twice", key.span
            )
        text = _with_variables(session, value.value, value.span)
        given[key.value] = _Given(key.value, text, key.span, value.span)
    return given


def _with_variables(session: Session, text: str, span: Span) -> str:
    variables = session.variables
    if variables is None:
        return text

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in variables:
            return variables[name]
        if name.startswith("secret:"):
            return match.group(0)
        raise session.source.error(
            "unknown-variable",
            f"${{{name}}} is not known",
            span,
            hint=did_you_mean(name, variables)
            or (
                f"Known here: {', '.join(sorted(variables)[:12])}."
                if variables
                else "No variables are defined for this pipeline."
            ),
        )

    return _VARIABLE.sub(value, text)


def _refuse_legacy(source: SourceText, given: Mapping[str, _Given]) -> None:
    for option in given.values():
        key = option.key
        if key == "connector.type":
            hint = f"Write 'connector' = '{option.value}', and its options without `connector.`."
        elif key == "format.type":
            hint = f"Write 'format' = '{option.value}'."
        elif key == "update-mode":
            hint = "Leave it out: the plan finds the mode by itself."
        elif key.startswith(("connector.properties.", "connector.startup-mode")):
            modern = key.removeprefix("connector.").replace("startup-mode", "scan.startup.mode")
            hint = f"Write '{modern}'."
        elif key.startswith(("connector.", "format.", "schema.")):
            hint = f"Write '{key.partition('.')[2]}' or the option's present name."
        else:
            continue
        raise source.error(
            "legacy-option",
            f"the option '{key}' is from before Flink 1.11",
            option.key_span,
            hint=hint,
        )


def _connector(
    session: Session, given: Mapping[str, _Given], definition: TableDefinition, span: Span
) -> Connector:
    option = given.get("connector")
    known = ", ".join(sorted(session.connectors))
    if option is None:
        raise session.source.error(
            "missing-option",
            f"the table `{definition.path}` names no connector",
            span,
            hint=f"Add WITH ('connector' = '...'). Connectors: {known}.",
        )
    connector = session.connectors.get(option.value)
    if connector is not None:
        return connector
    if option.value in _KNOWN_CONNECTORS:
        raise session.source.error(
            "not-supported",
            f"the connector `{option.value}` is not supported yet",
            option.value_span,
            hint=_CLOUD.get(option.value) or f"Connectors: {known}.",
        )
    raise session.source.error(
        "unknown-connector",
        f"unknown connector `{option.value}`",
        option.value_span,
        hint=did_you_mean(option.value, session.connectors) or f"Connectors: {known}.",
    )


def _format(session: Session, option: _Given) -> FormatFactory:
    factory = session.formats.get(option.value)
    if factory is not None:
        return factory
    known = ", ".join(sorted(session.formats))
    if option.value in _KNOWN_FORMATS:
        raise session.source.error(
            "not-supported",
            f"the format `{option.value}` is not supported yet",
            option.value_span,
            hint=_CLOUD.get(option.value) or f"Formats: {known}.",
        )
    raise session.source.error(
        "unknown-format",
        f"unknown format `{option.value}`",
        option.value_span,
        hint=did_you_mean(option.value, session.formats) or f"Formats: {known}.",
    )


def _check(
    source: SourceText, declared: OptionSet, given: Sequence[_Given], span: Span, prefix: str = ""
) -> None:
    """Each option alone first, so that an error points at it; then all together."""
    lenient = replace(
        declared, options=tuple(replace(option, required=False) for option in declared.options)
    )
    known = {option.key for option in declared.options}
    for option in given:
        if option.open and option.key in known:
            continue
        at = option.value_span if option.key in known else option.key_span
        _parse(source, lenient, {option.key: option.value}, at, prefix)
    settled = {option.key: option.value for option in given if not option.open}
    opened = {option.key for option in given if option.open}
    missing = replace(
        declared,
        options=tuple(
            replace(option, required=option.required and option.key not in opened)
            for option in declared.options
        ),
    )
    _parse(source, missing, settled, span, prefix)


def _parse(
    source: SourceText, declared: OptionSet, given: Mapping[str, str], span: Span, prefix: str
) -> None:
    try:
        declared.parse(given, source.where(span))
    except ProjectError as error:
        raise _as_sql_error(source, error, span, prefix) from None


def _as_sql_error(source: SourceText, error: ProjectError, span: Span, prefix: str) -> SqlError:
    code = "missing-option" if error.code == "project.missing-option" else "bad-option"
    hint = error.hint
    if prefix:
        hint = f"{hint or ''} A key of the format is written '{prefix}<key>'.".strip()
    return source.error(code, error.message, span, hint=hint, detail=error.detail)
