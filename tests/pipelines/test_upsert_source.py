"""upsert-kafka as a source: filters, aggregates and joins are told which row goes."""

from __future__ import annotations

import json

from pipeline_flow import Flow, Message

KEYED: dict[str, str] = {
    "connector": "upsert-kafka",
    "format": "",
    "key__format": "json",
    "value__format": "json",
    "scan__startup__mode": "",
}


def changes(*rows: tuple[int, str | None, int]) -> list[Message]:
    """Messages of a compacted topic; no zone is a tombstone."""
    return [
        (json.dumps({"id": i}), None if zone is None else json.dumps({"id": i, "z": zone, "v": v}))
        for i, zone, v in rows
    ]


def test_what_stands_over_an_upsert_topic(flow: Flow) -> None:
    topic = flow.topic(
        "in",
        *changes((1, "a", 1), (2, "a", 5), (3, "b", 7), (1, "b", 2), (3, "b", 9), (2, None, 0)),
    )
    columns = "id BIGINT, z STRING, v BIGINT, PRIMARY KEY (id) NOT ENFORCED"
    source = flow.kafka("s", columns, topic, **KEYED)
    sums = f"{flow.name}-sums"
    big = f"{flow.name}-big"
    progress = flow.run(
        source,
        flow.kafka("sums", "z STRING, n BIGINT, PRIMARY KEY (z) NOT ENFORCED", sums, **KEYED),
        flow.kafka("big", columns, big, **KEYED),
        "INSERT INTO sums SELECT z, SUM(v) FROM s GROUP BY z;",
        "INSERT INTO big SELECT * FROM s WHERE v > 4;",
        row_per_record=False,
    )
    assert progress.dead_letters == 0
    assert table(flow, sums) == {"b": {"z": "b", "n": 11}}
    assert table(flow, big) == {3: {"id": 3, "z": "b", "v": 9}}


def table(flow: Flow, topic: str) -> dict[object, object]:
    """What the messages of a compacted topic come to."""
    found: dict[object, object] = {}
    for record in flow.records(topic):
        (key,) = json.loads(record.key or b"{}").values()
        if record.value is None:
            found.pop(key, None)
        else:
            found[key] = json.loads(record.value)
    return found
