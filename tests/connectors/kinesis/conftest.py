"""Kinesis on moto's server, the only emulation to be had here; streams, and records in them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model import types as t

KEYS = {
    "aws.credentials.provider": "BASIC", "aws.credentials.basic.accesskeyid": "k",
    "aws.credentials.basic.secretkey": "s",
}  # fmt: skip
JOB = JobContext("job", FORMATS)
ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/"


@pytest.fixture(scope="module")
def endpoint():
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("moto_server.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    yield process.stdout.readline().strip()
    process.communicate(timeout=20)


@pytest.fixture
def client(endpoint):
    made = boto3.client(
        "kinesis", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="k",
        aws_secret_access_key="s",
    )  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def stream(client, unique_name):
    name = unique_name("s")[:100]
    client.create_stream(StreamName=name, ShardCount=2)
    return name


def table(endpoint, stream, *more: Column, columns=(), keys=(), **options) -> TableDescriptor:
    own = columns or (Column("id", t.INT), Column("v", t.STRING))
    given = {
        "connector": "kinesis", "stream.arn": ARN + stream, "aws.endpoint": endpoint,
        "format": "json", "source.init.position": "TRIM_HORIZON", **KEYS,
        **{k.replace("__", "."): v for k, v in options.items()},
    }  # fmt: skip
    given["source.shard.discovery.interval"] = "50 ms"
    return TableDescriptor("t", Schema((*own, *more)), given, partition_keys=keys)


def put(client, stream, ids, key=None):
    for i in ids:
        client.put_record(
            StreamName=stream, PartitionKey=key or f"k{i}",
            Data=json.dumps({"id": i, "v": f"v{i}"}).encode(),
        )  # fmt: skip


def written(client, stream):
    found = []
    for shard in client.list_shards(StreamName=stream)["Shards"]:
        iterator = client.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += client.get_records(ShardIterator=iterator, Limit=10_000)["Records"]
    return found
