"""A project's pipeline as Flink takes it: references resolved, table options adapted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemill.control.kafka_login import with_kafka_login
from tidemill.control.pipeline import SqlSource
from tidemill.errors import TidemillError
from tidemill.project import Secret, find_references
from tidemill.runners.flink import FlinkScript, Rewrite, TableOptions, cut
from tidemill.runners.kafka_security import SHADED, java_security

TRANSACTION_TIMEOUT_MS = 900_000
"""The longest that a Kafka broker allows by default; Flink's own default is an hour."""


def flink_script(
    source: SqlSource, text: str, root: Path, secrets: list[str], more: Rewrite | None = None
) -> FlinkScript:
    """Cut a text for Flink, its options final.

    Args:
        source: where the text's references are resolved; its errors point into the original.
        text: `source.text`, or a text of the same length made from it.
        root: what relative paths of files begin at.
        secrets: takes the values that no error may show.
        more: what else to do to a table's options.
    """

    def rewrite(table: TableOptions) -> Mapping[str, str]:
        options = {key: _revealed(value, source, secrets) for key, value in table.options.items()}
        given = set(options)
        options = dict(with_kafka_login(options, source.resolver))
        secrets.extend(options[key] for key in options.keys() - given if "password" in key)
        options = adapt(options, root)
        if more is not None:  # it may put tables of ours in their place
            options = adapt(dict(more(TableOptions(table.table, options, table.where))), root)
        return options

    try:
        return cut(text, source.file, rewrite)
    except TidemillError as error:
        raise source.as_written(error) from None


def adapt(options: dict[str, str], root: Path) -> dict[str, str]:
    """The options that mean on Flink what they mean here."""
    path = options.get("path")
    if options.get("connector") == "filesystem" and path is not None and "://" not in path:
        options["path"] = str(root / Path(path).expanduser())
    if options.get("connector") in ("kafka", "upsert-kafka"):
        options = java_security(options, SHADED)
    if options.get("sink.delivery-guarantee") == "exactly-once":
        key = "properties.transaction.timeout.ms"
        options.setdefault(key, str(TRANSACTION_TIMEOUT_MS))
    return options


def _revealed(value: str, source: SqlSource, secrets: list[str]) -> str:
    for reference in find_references(value, source.file) if "${" in value else ():
        found = source.resolver.value(reference)
        plain = found.reveal() if isinstance(found, Secret) else found
        if isinstance(found, Secret):
            secrets.append(plain)
        value = value.replace("${" + reference.key + "}", plain)
    return value
