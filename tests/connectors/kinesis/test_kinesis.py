"""What the laws of the contracts leave open: shards that split and merge, requests, errors."""

from __future__ import annotations

import json
import os
import time

import pyarrow as pa
import pytest
from tests.connectors.kinesis.conftest import ARN, JOB, put, table, written

from tidemill.connectors.kinesis.connector import CONNECTOR
from tidemill.errors import ConnectorError, ProjectError
from tidemill.model import Batch, Column, ColumnKind
from tidemill.model import types as t


def read_all(source, rows_max=1000):
    """Batches until the source says that it has caught up."""
    batches, deadline = [], time.monotonic() + 30
    while True:
        found = source.read(rows_max, 100)
        batches += found
        if not found and source.caught_up():
            return batches
        assert time.monotonic() < deadline


def ids(batches):
    return [row["id"] for batch in batches for row in batch.rows.to_pylist()]


def opened(descriptor, start=None):
    source = CONNECTOR.source(descriptor, JOB)
    source.open(start or {})
    return source


def positions(batches):
    return {batch.partition: batch.position for batch in batches}


def test_every_record_once_and_any_position_gives_the_rest(client, endpoint, stream):
    put(client, stream, range(60))
    source = opened(table(endpoint, stream))
    batches = read_all(source, rows_max=7)
    source.close()
    assert sorted(ids(batches)) == list(range(60))
    for stop in range(2, len(batches), 5):
        known = json.loads(json.dumps(positions(batches[:stop])))
        rest = opened(table(endpoint, stream), known)
        found = ids(read_all(rest))
        rest.close()
        assert sorted(found + ids(batches[:stop])) == list(range(60))


def test_a_split_shard_is_read_to_its_end_before_its_children(client, endpoint, stream):
    put(client, stream, range(20), key="a")
    shards = client.list_shards(StreamName=stream)["Shards"]
    source = opened(table(endpoint, stream))
    before = source.read(5, 100) + source.read(5, 1000)
    holder = next(
        s for s in shards
        if client.get_records(ShardIterator=client.get_shard_iterator(
            StreamName=stream, ShardId=s["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"])["Records"]
    )  # fmt: skip
    low, high = (int(holder["HashKeyRange"][f"{end}HashKey"]) for end in ("Starting", "Ending"))
    client.split_shard(
        StreamName=stream, ShardToSplit=holder["ShardId"],
        NewStartingHashKey=str((low + high) // 2),
    )  # fmt: skip
    put(client, stream, range(20, 40), key="a")
    batches = list(before) + read_all(source, rows_max=6)
    source.close()
    assert ids(batches) == list(range(40))
    ended = positions(batches)
    assert ended[holder["ShardId"]]["closed"] is True
    for stop in range(0, len(batches), 3):
        rest = opened(table(endpoint, stream), positions(batches[:stop]))
        assert ids(batches[:stop]) + ids(read_all(rest, rows_max=50)) == list(range(40))
        rest.close()


def test_merged_shards_are_both_read_to_their_ends_before_their_child(client, endpoint, stream):
    """And the child, split again, is too: a stream that is resharded back and forth."""
    put(client, stream, range(20))
    parents = [shard["ShardId"] for shard in client.list_shards(StreamName=stream)["Shards"]]
    source = opened(table(endpoint, stream))
    batches = [*source.read(5, 100), *source.read(5, 1000)]
    client.merge_shards(StreamName=stream, ShardToMerge=parents[0], AdjacentShardToMerge=parents[1])
    put(client, stream, range(20, 40))
    batches += source.read(4, 1000)
    shards = client.list_shards(StreamName=stream)["Shards"]
    (child,) = (shard for shard in shards if shard.get("ParentShardId"))
    assert {child["ParentShardId"], child["AdjacentParentShardId"]} == set(parents)
    client.split_shard(
        StreamName=stream, ShardToSplit=child["ShardId"], NewStartingHashKey=str(2**126)
    )
    put(client, stream, range(40, 60))
    batches += read_all(source, rows_max=6)
    assert len(source.partitions()) == 5
    source.close()
    generations = [id_ // 20 for id_ in ids(batches)]
    assert generations == sorted(generations)  # no record before those of its shard's parents
    assert sorted(ids(batches)) == list(range(60))
    closed = {name for name, position in positions(batches).items() if position.get("closed")}
    assert closed == {*parents, child["ShardId"]}
    for stop in range(2, len(batches), 5):
        rest = opened(table(endpoint, stream), positions(batches[:stop]))
        found = ids(batches[:stop]) + ids(read_all(rest, rows_max=50))
        rest.close()
        assert sorted(found) == list(range(60))
        assert [i // 20 for i in found] == sorted(i // 20 for i in found)


def test_latest_begins_with_what_comes_and_remembers_where(client, endpoint, stream):
    put(client, stream, range(5))
    time.sleep(0.01)
    descriptor = table(endpoint, stream, source__init__position="LATEST")
    source = opened(descriptor)
    first = source.read(10, 100)
    assert ids(first) == [] and len(first) == 2
    source.close()
    time.sleep(0.01)
    put(client, stream, range(5, 8))
    again = opened(descriptor, positions(first))
    assert sorted(ids(read_all(again))) == [5, 6, 7]
    again.close()


def test_an_expired_iterator_is_asked_for_again(client, endpoint, stream, monkeypatch):
    put(client, stream, range(6), key="a")
    source = opened(table(endpoint, stream))
    found = list(source.read(3, 100)) + list(source.read(3, 1000))
    real, calls = source._client.get_records, []

    def expired_once(**given):
        calls.append(given)
        if len(calls) == 1:
            raise source._client.exceptions.ExpiredIteratorException(
                {"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords"
            )
        return real(**given)

    monkeypatch.setattr(source._client, "get_records", expired_once)
    found += read_all(source)
    source.close()
    assert ids(found) == list(range(6))


def test_bad_records_and_metadata(client, endpoint, stream):
    put(client, stream, [1], key="a")
    client.put_record(StreamName=stream, PartitionKey="a", Data=b"{")
    meta = [
        Column(name, type_, ColumnKind.METADATA, key, virtual=True)
        for name, type_, key in (
            ("at", t.timestamp_ltz(3), "timestamp"), ("n", t.STRING, "sequence-number"),
            ("s", t.STRING, "shard-id"),
        )
    ]  # fmt: skip
    source = opened(table(endpoint, stream, *meta))
    batches = [batch for batch in read_all(source) if batch.records]
    source.close()
    (batch,) = batches
    (row,) = batch.rows.to_pylist()
    assert row["s"] == batch.partition and row["n"].isdigit()
    (letter,) = batch.dead_letters
    assert letter.code == "format.malformed" and letter.value == b"{" and letter.key == b"a"
    assert letter.partition == batch.partition and letter.topic == stream


def rows(count):
    return Batch(
        pa.record_batch(
            {"id": pa.array(range(count), pa.int32()), "v": pa.array(["x"] * count, pa.string())}
        )
    )


def test_the_sink_writes_in_requests_and_sends_again_what_is_turned_away(
    client, endpoint, stream, monkeypatch
):
    group = CONNECTOR.commit_group([table(endpoint, stream, keys=("v", "id"))], JOB)
    assert group.open() is None
    real, sizes = group._client.put_records, []

    def busy_once(**given):
        sizes.append(len(given["Records"]))
        answer = real(**{**given, "Records": given["Records"][1:]}) if len(sizes) == 1 else None
        if answer is None:
            return real(**given)
        turned = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "busy"}
        return {"FailedRecordCount": 1, "Records": [turned, *answer["Records"]]}

    monkeypatch.setattr(group._client, "put_records", busy_once)
    assert group.writer("t").write(rows(1200)) == []
    assert group.prepare(1) == []
    group.commit(1, {})
    group.close()
    assert sizes == [500, 1, 500, 200]
    found = written(client, stream)
    assert sorted(json.loads(r["Data"])["id"] for r in found) == list(range(1200))
    assert {r["PartitionKey"] for r in found} == {f"x|{i}" for i in range(1200)}


def test_records_that_are_too_large_are_set_aside(client, endpoint, stream):
    group = CONNECTOR.commit_group([table(endpoint, stream)], JOB)
    group.open()
    text = os.urandom(600_000).hex()
    big = pa.record_batch({"id": pa.array([1, 2], pa.int32()), "v": pa.array([text, "small"])})
    (letter,) = group.writer("t").write(Batch(big))
    assert letter.code == "connector.row-refused"
    group.prepare(1)
    group.close()
    assert len(written(client, stream)) == 1


def test_errors_say_what_is_wrong(endpoint, stream):
    for change, code, retryable in (
        ({"stream__arn": ARN + "nowhere"}, "connector.table-missing", False),
        ({"aws__endpoint": "http://127.0.0.1:1"}, "connector.unreachable", True),
    ):
        with pytest.raises(ConnectorError) as caught:
            opened(table(endpoint, stream, **change))
        assert (caught.value.code, caught.value.retryable) == (code, retryable)
    with pytest.raises(ConnectorError) as caught:
        opened(table(endpoint, stream), {"shardId-000000000000": "nonsense"})
    assert caught.value.code == "connector.bad-position"
    for change in (
        {"stream__arn": "mine"}, {"format": "xml"}, {"source__init__position": "AT_TIMESTAMP"},
        {"aws__credentials__basic__secretkey": ""},
    ):  # fmt: skip
        with pytest.raises(ProjectError):
            CONNECTOR.source_changelog(table(endpoint, stream, **change), JOB)
