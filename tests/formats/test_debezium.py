"""Debezium events at their edges: what is wrong is said, metadata comes along, order is known."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from tidemill.formats import FORMATS
from tidemill.interfaces.format import Change
from tidemill.model import Column, ColumnKind, RowKind, Schema
from tidemill.model.types import MAX_LENGTH, STRING, DataType, TypeRoot, timestamp_ltz

DEBEZIUM = FORMATS["debezium-json"]
Make = Callable[[str], Schema]
SOURCE = {
    "version": "3.7.0.Final", "connector": "postgresql", "name": "taxi", "ts_ms": 1795225950029,
    "snapshot": "false", "db": "tidemill", "sequence": '["28285672","28285700"]',
    "schema": "public", "table": "trips", "txId": 767, "lsn": 28285700, "xmin": None,
}  # fmt: skip


def event(op: str = "c", before: Any = None, after: Any = None, **source: Any) -> bytes:
    return json.dumps(
        {"before": before, "after": after, "source": {**SOURCE, **source}, "op": op,
         "ts_ms": 1795225950035}
    ).encode()  # fmt: skip


def decode(schema: Schema, *messages: bytes | None, **options: str):
    values = DEBEZIUM.options.parse({k.replace("_", "-"): v for k, v in options.items()})
    return DEBEZIUM.decoder(schema, values, None).decode(list(messages))


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        (event("u", None, {"id": 1}), "format.before-missing", "REPLICA IDENTITY FULL"),
        (event("d", None, None), "format.before-missing", "REPLICA IDENTITY FULL"),
        (event("c", None, None), "format.after-missing", "`after`"),
        (event("t", None, {"id": 1}), "format.unknown-op", "'t'"),
        (b'{"payload":{"op":"c","after":{"id":1}}}', "format.type-mismatch", "schema-include"),
        (event("c", None, {"id": "x"}), "format.type-mismatch", "`after`: field `id`"),
        (b'{"op":"c","after":', "format.malformed", "character"),
    ],
)
def test_a_reject_says_what_is_wrong(schema_of: Make, message: bytes, code: str, says: str) -> None:
    (reject,) = decode(schema_of("id INT"), message).rejects
    assert reject.code == code
    assert says in reject.message


def test_with_ignore_parse_errors_bad_events_are_skipped(schema_of: Make) -> None:
    decoded = decode(
        schema_of("id INT"), event("u", None, {"id": 1}), b"{", event("x"), None,
        event("c", None, {"id": 2}), ignore_parse_errors="true",
    )  # fmt: skip
    assert decoded.rejects == () and decoded.skipped == 4
    assert decoded.rows.to_pylist() == [{"id": 2}]


def test_an_update_is_two_rows_of_one_message(schema_of: Make) -> None:
    decoded = decode(
        schema_of("id INT"), event("c", None, {"id": 1}), event("u", {"id": 1}, {"id": 2}), None,
        event("d", {"id": 2}, None),
    )  # fmt: skip
    kinds = [RowKind(k).short for k in decoded.kinds.to_pylist()]
    assert list(zip(kinds, decoded.rows.column(0).to_pylist(), strict=True)) == [
        ("+I", 1), ("-U", 1), ("+U", 2), ("-D", 2),
    ]  # fmt: skip
    assert decoded.origin.to_pylist() == [0, 1, 1, 3]
    assert decoded.skipped == 1


def test_changes_tell_their_place_in_the_log(schema_of: Make) -> None:
    decoded = decode(
        schema_of("id INT"),
        event("c", None, {"id": 1}),
        event("r", None, {"id": 1}, snapshot="last", sequence='[null,"7"]', lsn=7),
        event("c", None, {"id": 1}, connector="mysql"),
        event("r", None, {"id": 1}, snapshot="incremental"),
        None,
    )
    assert decoded.changes is not None
    assert list(decoded.changes) == [
        Change("taxi/tidemill", 28285672, 28285700, 1795225950029, "c", False),
        Change("taxi/tidemill", 0, 7, 1795225950029, "r", True),
        None,
        None,
        None,
    ]
    off = decode(schema_of("id INT"), event("c", None, {"id": 1}), deduplicate="false")
    assert off.changes is None


def test_metadata_comes_with_each_row(schema_of: Make) -> None:
    map_type = DataType(TypeRoot.MAP, key=STRING, value=STRING)
    keys = {
        "ingestion-timestamp": timestamp_ltz(3), "source.timestamp": timestamp_ltz(3),
        "source.database": STRING, "source.schema": STRING, "source.table": STRING,
        "source.properties": map_type, "schema": STRING,
    }  # fmt: skip
    columns = [Column(k, t, ColumnKind.METADATA, k) for k, t in keys.items()]
    schema = Schema((*schema_of("id INT").columns, *columns))
    assert keys["schema"].length == MAX_LENGTH
    good = event("u", {"id": 1}, {"id": 2})
    lenient = event("u", {"id": "1"}, {"id": "2"})  # goes through the slow path
    for message in (good, lenient):
        before, after = decode(schema, message).rows.to_pylist()
        assert (before.pop("id"), after.pop("id")) == (1, 2)
        assert before == after
        assert before["source.table"] == "trips" and before["source.schema"] == "public"
        assert before["source.database"] == "tidemill" and before["schema"] is None
        assert before["ingestion-timestamp"] == dt.datetime.fromtimestamp(1795225950.035, dt.UTC)
        assert before["source.timestamp"] == dt.datetime.fromtimestamp(1795225950.029, dt.UTC)
        assert dict(before["source.properties"]) == {
            k: None if v is None else str(v) for k, v in SOURCE.items()
        }


PLACEHOLDER = "__debezium_unavailable_value"


def test_the_placeholder_of_a_large_value_is_filled_from_the_row_before(schema_of: Make) -> None:
    decoded = decode(
        schema_of("id INT, v STRING, b BYTES"),
        event("u", {"id": 1, "v": "old", "b": "AA=="},
              {"id": 1, "v": PLACEHOLDER, "b": "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="}),
        event("c", None, {"id": 2, "v": "new", "b": None}),
    )  # fmt: skip
    assert decoded.rejects == ()
    assert [tuple(row.values()) for row in decoded.rows.to_pylist()] == [
        (1, "old", b"\0"), (1, "old", b"\0"), (2, "new", None)
    ]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"ignore_parse_errors": "true"}])
def test_a_placeholder_that_cannot_be_filled_is_no_value(
    schema_of: Make, options: dict[str, str]
) -> None:
    """Debezium writes a changed key as a delete and a create; the latter has no row before."""
    decoded = decode(
        schema_of("id INT, v STRING, a ARRAY<STRING>"),
        event("c", None, {"id": 1, "v": PLACEHOLDER, "a": None}),
        event("u", {"id": 2, "v": PLACEHOLDER}, {"id": 2, "v": PLACEHOLDER}),
        event("c", None, {"id": 3, "v": "x", "a": [PLACEHOLDER]}),
        event("c", None, {"id": 4, "v": f"not only {PLACEHOLDER}", "a": ["y", None]}),
        **options,
    )
    assert [reject.code for reject in decoded.rejects] == ["format.value-unavailable"] * 3
    assert "REPLICA IDENTITY FULL" in decoded.rejects[0].message
    assert [row["id"] for row in decoded.rows.to_pylist()] == [4]
