"""One bad message among good ones: it is counted and kept as it came, and the others go on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pipeline_flow import Flow, Message, jsons

from tidemill.errors import ConnectorError, EngineError

pytestmark = pytest.mark.servers

GOOD = jsons([{"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"}])
COLUMNS = "id BIGINT, v STRING"
BAD_JSON = [
    (b'{"id": 9, "v"', "format.malformed"),
    (b"nothing of the kind", "format.malformed"),
    (b'{"id": "nine", "v": "x"}', "format.type-mismatch"),
    (b'{"id": 92233720368547758070, "v": "x"}', "format.type-mismatch"),
    (b'{"id": 9, "v": "\xff\xfe"}', "format.malformed"),
    (b"\x00\x00\x00\x00\x01", "format.malformed"),
    (b'{"id": ' + b"[" * 100_000, "format.malformed"),
]


def copy(flow: Flow, source: str, *, columns: str = COLUMNS) -> tuple[str, str]:
    """A pipeline that copies rows; its text and its output topic."""
    out = f"{flow.name}-out"
    text = "\n".join([source, flow.kafka("o", columns, out), "INSERT INTO o SELECT id, v FROM s;"])
    return text, out


def check_letter(letter: dict[str, Any], flow: Flow, topic: str, offset: int, raw: bytes) -> None:
    assert letter["pipeline"].endswith(f".{flow.name}")
    assert (letter["table"], letter["topic"], letter["partition"]) == ("s", topic, "0")
    assert letter["position"] == str(offset)
    assert letter["value"] == raw
    assert letter["timestamp_ms"] > 1_700_000_000_000
    assert letter["message"]


def test_bad_json_messages_are_set_aside(flow: Flow) -> None:
    """All in one run: the good ones between them come out, and nothing is repeated by a second."""
    messages: list[Message] = [GOOD[0]]
    for raw, _ in BAD_JSON:
        messages += [raw, GOOD[1]]
    topic = flow.topic("in", *messages)
    text, out = copy(flow, flow.kafka("s", COLUMNS, topic))
    progress = flow.run(text)
    bad, good = len(BAD_JSON), len(BAD_JSON) + 1
    assert [row["id"] for row in flow.rows(out)] == [1] + [2] * bad
    assert (progress.records, progress.rows_out, progress.dead_letters) == (bad + good, good, bad)
    letters = flow.letters()
    assert [letter["code"] for letter in letters] == [code for _, code in BAD_JSON]
    for i, (letter, (raw, _)) in enumerate(zip(letters, BAD_JSON, strict=True)):
        check_letter(letter, flow, topic, 1 + 2 * i, raw)
    again = flow.run()
    assert (again.records, again.rows_out, again.dead_letters) == (bad + good, good, bad)
    assert len(flow.letters()) == bad
    assert len(flow.rows(out)) == good


def test_what_flinks_json_format_takes_is_taken(flow: Flow) -> None:
    """An array of objects is several rows; what follows an object is not read; '' is no row."""
    topic = flow.topic("in", '[{"id": 1}, {"id": 2}]', '{"id": 3}{"id": 4}', "", GOOD[0])
    text, out = copy(flow, flow.kafka("s", COLUMNS, topic))
    progress = flow.run(text, row_per_record=False)
    assert [row["id"] for row in flow.rows(out)] == [1, 2, 3, 1]
    assert (progress.records, progress.skipped, progress.dead_letters) == (4, 1, 0)


def test_a_missing_field_is_null_unless_it_may_not_be(flow: Flow) -> None:
    raw = b'{"id": 9}'
    topic = flow.topic("in", GOOD[0], raw)
    strict = flow.kafka("s", COLUMNS, topic, **{"json.fail_on_missing_field": "true"})
    text, out = copy(flow, strict)
    progress = flow.run(text)
    assert [row["id"] for row in flow.rows(out)] == [1]
    assert progress.dead_letters == 1
    (letter,) = flow.letters()
    assert letter["code"] == "format.missing-field"
    assert "`v`" in letter["message"]
    check_letter(letter, flow, topic, 1, raw)
    lenient = Flow(flow.folder, f"{flow.name}_lenient", flow.bootstrap)
    text, out = copy(lenient, lenient.kafka("s", COLUMNS, topic))
    assert lenient.run(text).dead_letters == 0
    assert lenient.rows(out) == [{"id": 1, "v": "a"}, {"id": 9, "v": None}]


def test_null_for_a_not_null_column_is_set_aside(flow: Flow) -> None:
    raw = b'{"id": null, "v": "x"}'
    topic = flow.topic("in", GOOD[0], raw, GOOD[1])
    text, out = copy(flow, flow.kafka("s", "id BIGINT NOT NULL, v STRING", topic))
    assert flow.run(text).dead_letters == 1
    assert [row["id"] for row in flow.rows(out)] == [1, 2]
    (letter,) = flow.letters()
    assert letter["code"] == "format.null-in-not-null"
    check_letter(letter, flow, topic, 1, raw)


def test_a_tombstone_is_skipped_and_counted(flow: Flow) -> None:
    topic = flow.topic("in", GOOD[0], ("k", None), GOOD[1])
    text, out = copy(flow, flow.kafka("s", COLUMNS, topic))
    progress = flow.run(text)
    assert [row["id"] for row in flow.rows(out)] == [1, 2]
    assert (progress.records, progress.rows_out, progress.skipped) == (3, 2, 1)
    assert flow.letters() == []


def test_a_message_without_a_key_where_columns_come_from_it(flow: Flow) -> None:
    messages: list[Message] = [
        ('{"id": 1}', '{"v": "a"}'),
        (None, '{"v": "no key"}'),
        (b"{bad key", '{"v": "x"}'),
        ('{"id": 4}', '{"v": "d"}'),
    ]
    topic = flow.topic("in", *messages)
    source = flow.kafka(
        "s", COLUMNS, topic, format="", key__format="json", value__format="json",
        key__fields="id", value__fields_include="EXCEPT_KEY",
    )  # fmt: skip
    text, out = copy(flow, source)
    assert flow.run(text).dead_letters == 2
    assert [row["id"] for row in flow.rows(out)] == [1, 4]
    no_key, bad_key = flow.letters()
    assert (no_key["code"], no_key["position"]) == ("connector.null-key", "1")
    assert (no_key["key"], no_key["value"]) == (None, b'{"v": "no key"}')
    assert (bad_key["code"], bad_key["position"]) == ("format.malformed", "2")
    assert (bad_key["key"], bad_key["value"]) == (b"{bad key", b'{"v": "x"}')
    assert "key" in bad_key["message"]


def test_an_upsert_topic_takes_deletes_and_refuses_null_keys(flow: Flow) -> None:
    messages: list[Message] = [
        ('{"id": 1}', '{"id": 1, "v": "a"}'),
        (None, '{"id": 2, "v": "no key"}'),
        ('{"id": 1}', None),
        (None, None),
    ]
    topic = flow.topic("in", *messages)
    columns = "id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED"
    options = {
        "connector": "upsert-kafka", "format": "", "key__format": "json",
        "value__format": "json", "scan__startup__mode": "",
    }  # fmt: skip
    source = flow.kafka("s", columns, topic, **options).replace(
        ", 'scan.startup.mode' = 'earliest-offset'", ""
    )
    sink = flow.kafka("o", columns, f"{flow.name}-out", **options).replace(
        ", 'scan.startup.mode' = 'earliest-offset'", ""
    )
    progress = flow.run(source, sink, "INSERT INTO o SELECT id, v FROM s;")
    assert progress.dead_letters == 2
    found = [(json.loads(r.key or b"null"), r.value) for r in flow.records(f"{flow.name}-out")]
    assert found == [({"id": 1}, b'{"id":1,"v":"a"}'), ({"id": 1}, None)]
    assert [(a["code"], a["position"]) for a in flow.letters()] == [
        ("connector.null-key", "1"),
        ("connector.null-key", "3"),
    ]


def change(op: str, before: object, after: object) -> str:
    source = {"connector": "postgresql", "name": "x", "lsn": 1, "ts_ms": 1}
    return json.dumps({"before": before, "after": after, "op": op, "source": source, "ts_ms": 1})


def test_changes_that_make_no_sense_are_set_aside(flow: Flow) -> None:
    row, new = {"id": 1, "v": "a"}, {"id": 1, "v": "b"}
    messages = [
        change("c", None, row),
        change("x", None, row),
        change("u", None, new),
        change("d", None, None),
        change("c", None, None),
        '{"op": 7}',
        "null",
        change("u", row, new),
    ]
    topic = flow.topic("in", *messages, None)
    source = flow.kafka("s", COLUMNS, topic, format="debezium-json")
    text, out = copy(flow, source)
    text = text.replace("'format' = 'json'", "'format' = 'debezium-json'")
    progress = flow.run(text, row_per_record=False)
    codes = {a["position"]: a["code"] for a in flow.letters()}
    assert codes == {
        "1": "format.unknown-op",
        "2": "format.before-missing",
        "3": "format.before-missing",
        "4": "format.after-missing",
        "5": "format.unknown-op",
        "6": codes.get("6", "format.malformed"),
    }
    assert {a["position"]: a["value"].decode() for a in flow.letters()} == {
        str(i): messages[i] for i in range(1, 7)
    }
    assert (progress.records, progress.skipped, progress.dead_letters) == (9, 1, 6)
    assert progress.rows_out == 3
    ops = [(r["op"], (r["after"] or r["before"])["v"]) for r in flow.rows(out)]
    assert ops == [("c", "a"), ("d", "a"), ("c", "b")]


def test_messages_of_ten_megabytes(flow: Flow) -> None:
    big = 10_000_000
    good = json.dumps({"id": 2, "v": "x" * big})
    bad = b'{"id": 3, "v": "' + b"y" * big
    topic = flow.topic("in", GOOD[0], good, bad, GOOD[2], max_message_bytes="12000000")
    out = flow.topic("out", max_message_bytes="12000000")
    flow.topic("x", max_message_bytes="1000")  # not ours
    flow.admin.create(f"{flow.name}.dead-letter", settings={"max.message.bytes": "20000000"})
    text, _ = copy(flow, flow.kafka("s", COLUMNS, topic))
    progress = flow.run(text)
    assert [(row["id"], len(row["v"])) for row in flow.rows(out)] == [(1, 1), (2, big), (3, 1)]
    assert (progress.rows_out, progress.dead_letters) == (3, 1)
    (letter,) = flow.letters()
    assert letter["code"] == "format.malformed"
    check_letter(letter, flow, topic, 2, bad)


def test_a_dead_letter_that_its_topic_cannot_take_is_kept_without_its_bytes(flow: Flow) -> None:
    bad = b"{" + b"y" * 300_000
    topic = flow.topic("in", GOOD[0], bad, GOOD[2])
    flow.admin.create(f"{flow.name}.dead-letter", settings={"max.message.bytes": "100000"})
    text, out = copy(flow, flow.kafka("s", COLUMNS, topic))
    progress = flow.run(text)
    assert [row["id"] for row in flow.rows(out)] == [1, 3]
    assert progress.dead_letters == 1
    (letter,) = flow.letters()
    assert (letter["code"], letter["topic"], letter["position"]) == ("format.malformed", topic, "1")
    assert letter["value"] is None
    assert "300001 bytes" in letter["message"]


def test_rows_that_cannot_be_computed(flow: Flow) -> None:
    values = ["5", "0", "zwei", "2", None, "99999999999", "1"]
    messages: list[Message] = [
        (f"k{i}", json.dumps({"id": i, "v": value})) for i, value in enumerate(values)
    ]
    messages.insert(1, b"{")
    topic = flow.topic("in", *messages)
    out = f"{flow.name}-out"
    progress = flow.run(
        flow.kafka("s", COLUMNS, topic),
        flow.kafka("o", "id BIGINT, v INT", out),
        "INSERT INTO o SELECT id, 10 / CAST(v AS INT) FROM s WHERE id < 6;",
    )
    assert flow.rows(out) == [{"id": 0, "v": 2}, {"id": 3, "v": 5}, {"id": 4, "v": None}]
    assert (progress.rows_in, progress.rows_out, progress.filtered) == (7, 3, 1)
    assert progress.dead_letters == 4
    letters = {int(letter["position"]): letter for letter in flow.letters()}
    assert {position: letter["code"] for position, letter in letters.items()} == {
        1: "format.malformed",
        2: "engine.division-by-zero",
        3: "engine.bad-cast",
        6: "engine.bad-cast",
    }
    for position in (2, 3, 6):
        key, raw = messages[position]  # type: ignore[misc]
        assert letters[position]["stage"] == "function"
        check_letter(letters[position], flow, topic, position, str(raw).encode())
        assert letters[position]["key"] == str(key).encode()


FAILING = [
    (b"{", "SELECT id, v FROM s", "format.malformed"),
    (b'{"id": "x"}', "SELECT id, v FROM s", "format.type-mismatch"),
    (
        b'{"id": 0, "v": "x"}',
        "SELECT 10 / id, v FROM s",
        "engine.division-by-zero",
    ),
]


@pytest.mark.parametrize(("raw", "query", "code"), FAILING)
def test_in_the_mode_fail_a_bad_row_stops_the_pipeline(
    flow: Flow, raw: bytes, query: str, code: str
) -> None:
    topic = flow.topic("in", partitions=3)
    flow.send(topic, [GOOD[0], raw, GOOD[1]], partition=2)
    out = f"{flow.name}-out"
    source = flow.kafka("s", COLUMNS, topic, error_handling__mode="fail")
    with pytest.raises(EngineError) as caught:
        flow.run(source, flow.kafka("o", COLUMNS, out), f"INSERT INTO o {query};")
    error = caught.value
    assert error.code == code
    assert error.exit_code == 3
    assert str(error.where) == f"table s, topic {topic}, partition 2, offset 1"
    assert "error-handling.mode" in (error.hint or "")
    # nothing of the row's epoch is visible; without the mode the same run goes on
    assert flow.rows(out) == []
    flow.run(
        flow.kafka("s", COLUMNS, topic), flow.kafka("o", COLUMNS, out), f"INSERT INTO o {query};"
    )
    assert len(flow.rows(out)) == 2
    assert [a["code"] for a in flow.letters()] == [code]


def test_a_topic_that_does_not_exist(flow: Flow) -> None:
    topic = flow.topic("orders", GOOD[0])
    text, _ = copy(flow, flow.kafka("s", COLUMNS, topic + "s"))
    with pytest.raises(ConnectorError) as caught:
        flow.run(text)
    error = caught.value
    assert error.code == "connector.table-missing"
    assert f"`{topic}s`" in error.message
    assert error.where is not None
    assert f"Did you mean `{topic}`?" in (error.hint or "")
