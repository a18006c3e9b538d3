"""The watcher tells of every version of every object once, whatever is killed when."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from urllib.parse import unquote_plus

import pytest
from tests.control.lake.conftest import LakeProject

from tidemill.connectors.kafka.journal import Journal
from tidemill.control.lake.watch import watch
from tidemill.control.topics import Cluster, read_topic
from tidemill.errors import ConnectorError

pytestmark = pytest.mark.servers

OBJECTS = int(os.environ.get("TIDEMILL_WATCH_OBJECTS", "100"))
"""10000 is the proof that the issue asks for; fewer do for every day."""
KILLS = 5 if OBJECTS > 1000 else 2


def events(lake: LakeProject, topic: str) -> list[dict[str, Any]]:
    records = list(read_topic(Cluster(lake.root), topic))
    found = [json.loads(record.value or b"") for record in records]
    for record, event in zip(records, found, strict=True):
        assert (record.key or b"").decode() == event["Key"]
        (inner,) = event["Records"]
        assert inner["eventName"] == event["EventName"]
        bucket, key = inner["s3"]["bucket"]["name"], inner["s3"]["object"]["key"]
        assert f"{bucket}/{unquote_plus(key)}" == event["Key"]
    return found


def told(lake: LakeProject, topic: str) -> list[tuple[str, str, str]]:
    skip = len(f"lake/{lake.prefix}")
    return [
        (
            event["EventName"].removeprefix("s3:Object"),
            event["Key"][skip:],
            event["Records"][0]["s3"]["object"].get("eTag", ""),
        )
        for event in events(lake, topic)
    ]


def test_each_version_and_each_removal_once(
    lake: LakeProject, unique_name: Callable[[str], str]
) -> None:
    topic = unique_name("events")
    first = lake.store.put(lake.prefix + "a", b"1")
    odd = lake.store.put(lake.prefix + "ünï 日本 +%20/?#", b"")
    upload = lake.store.start_upload(lake.prefix + "half")
    part = lake.store.put_part(lake.prefix + "half", upload, 1, b"x")
    lake.store.put(lake.prefix + ".tidemill/job/1.json", b"{}")
    for _ in range(2):
        watch(lake.url, topic, lake.root, once=True)
    wanted = [("Created:Put", "a", first), ("Created:Put", "ünï 日本 +%20/?#", odd)]
    assert told(lake, topic) == wanted
    second = lake.store.put(lake.prefix + "a", b"2")
    whole = lake.store.complete_upload(lake.prefix + "half", upload, [part])
    lake.store.delete(lake.prefix + "ünï 日本 +%20/?#")
    for _ in range(2):
        watch(lake.url, topic, lake.root, once=True)
    wanted += [
        ("Created:Put", "a", second),
        ("Created:CompleteMultipartUpload", "half", whole),
        ("Removed:Delete", "ünï 日本 +%20/?#", ""),
    ]
    assert told(lake, topic) == wanted
    numbers = [e["Records"][0]["s3"]["object"]["sequencer"] for e in events(lake, topic)]
    assert numbers == sorted(set(numbers))


def test_a_later_watcher_shuts_out_the_earlier(
    lake: LakeProject, unique_name: Callable[[str], str], kafka_endpoint: Any
) -> None:
    properties = {"bootstrap.servers": kafka_endpoint.properties["bootstrap.servers"]}
    topic = unique_name("fenced")
    old, new = (Journal(properties, topic, topic, f"{topic}.state") for _ in range(2))
    try:
        assert old.open() == {}
        old.commit([], {"k": b"1", "gone": b"x"})
        old.commit([], {"gone": None})
        assert new.open() == {"k": b"1"}
        with pytest.raises(ConnectorError) as caught:
            old.commit([], {"k": b"2"})
        assert caught.value.code == "connector.fenced"
        assert old.open() == {"k": b"1"}
    finally:
        old.close()
        new.close()


@pytest.mark.timeout(1800)
def test_killed_again_and_again_while_objects_arrive(
    lake: LakeProject, unique_name: Callable[[str], str]
) -> None:
    topic = unique_name("killed")
    etags: dict[str, str] = {}

    def arrive(number: int) -> None:
        key = f"{number % 10}/{number:05}"
        etags[key] = lake.store.put(lake.prefix + key, b"%d" % number)

    command = [
        *(sys.executable, "-m", "tidemill.cli", "lake", "watch", lake.url, "--topic", topic),
        *("--every-s", "0.05", "-C", str(lake.root)),
    ]
    choose = random.Random(7)
    begun_s = time.monotonic()
    there_at_kills = []
    bounds = [OBJECTS * i // (KILLS + 1) for i in range(KILLS + 2)]
    with ThreadPoolExecutor(4) as pool:
        for first, end in itertools.pairwise(bounds[:-1]):
            child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            assert child.stderr is not None
            child.stderr.readline()  # it has listed once; now some of the objects arrive
            arriving = [pool.submit(arrive, number) for number in range(first, end)]
            time.sleep(choose.random() * OBJECTS / 1000)
            child.send_signal(signal.SIGKILL)
            there_at_kills.append(len(etags))
            child.communicate()
        list(pool.map(arrive, range(bounds[-2], OBJECTS)))
        wait(arriving)
    ended = watch(lake.url, topic, lake.root, once=True)
    found = Counter((kind, key, etag) for kind, key, etag in told(lake, topic))
    assert found == Counter({("Created:Put", key, etag): 1 for key, etag in etags.items()})
    assert len(etags) == OBJECTS
    assert 0 < ended.created <= OBJECTS
    took_s = time.monotonic() - begun_s
    print(
        f"{OBJECTS} objects, killed when {there_at_kills} were there: {sum(found.values())} "
        f"events, each once; the last start told {ended.created}; {took_s:.0f} s"
    )
