"""The shop's objects in the bucket `storage`: hourly Parquet files, and one JSON object per event.

Guarantees: the same content under the same key for a seed, so that an interrupted run can write all
of it again. A key's order is the order of arrival.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from tidemill.control.demo.shop_sessions.generate import BEGIN, Event, generate_events
from tidemill.control.object_stores import open_project_store
from tidemill.records import dataclass
from tidemill.stores import ObjectStore

STORAGE, BRONZE = "s3://storage/", "s3://bronze/"
LIVE_HOURS = 6
DAYS_MIN, DAYS_MAX = 2, 7
EVENTS_PER_DAY = 6_000
BROKEN_SHARE = 0.004
WRITERS = 8
SCHEMA = pa.schema(
    [
        ("event_id", pa.int64()), ("event_time", pa.timestamp("ms")), ("event_type", pa.string()),
        ("product_id", pa.int64()), ("category_code", pa.string()), ("brand", pa.string()),
        ("price", pa.decimal128(10, 2)), ("user_id", pa.int64()), ("user_session", pa.string()),
        ("channel", pa.string()), ("user_agent", pa.string()),
    ]
)  # fmt: skip


class Shop:
    """The shop of one demo folder.

    Args:
        seed: another seed gives other visits.
        events: about how many there are in the history and the first live hours together.
    """

    def __init__(self, seed: int, events: int) -> None:
        self._seed = seed
        self.days = max(DAYS_MIN, min(DAYS_MAX, events // EVENTS_PER_DAY))
        self._per_hour = events / (24 * self.days + LIVE_HOURS)

    @property
    def live_from(self) -> datetime:
        """The hour in which the history ends and the first live part begins."""
        return BEGIN + timedelta(days=self.days, hours=9)

    def history(self) -> Iterator[tuple[str, bytes]]:
        """Key and content of the hourly Parquet files of `training_data`."""
        hours = 24 * self.days + 9
        events = generate_events(self._seed, BEGIN, hours, self._per_hour)
        for hour, rows in _by_hour(events):
            yield _parquet(hour, "0", rows)

    def live(self, part: int) -> Iterator[tuple[datetime, list[tuple[str, bytes]]]]:
        """For each hour of one live part: one Parquet file, and a JSON object for each event.

        Every second visit is in the one, the others are in the other.
        """
        begin = self.live_from + timedelta(hours=part * LIVE_HOURS)
        first_id = 10_000_000 * (part + 1)
        events = generate_events(self._seed, begin, LIVE_HOURS, 2 * self._per_hour, first_id)
        drawn = random.Random(f"{self._seed} broken {part}")  # noqa: S311 - made-up data
        for hour, rows in _by_hour(events):
            folder = f"testing_data/{hour:%Y-%m-%d}/{hour:%H}"
            training = [event for event in rows if _is_training(event)]
            yield (
                hour,
                [
                    *([_parquet(hour, f"live-{part}", training)] if training else []),
                    *(
                        (f"{folder}/{e.event_id}.json", _json(e, drawn))
                        for e in rows
                        if not _is_training(e)
                    ),
                ],
            )


def _is_training(event: Event) -> bool:
    return int((event.user_session or "0")[-1], 16) % 2 == 0


def _parquet(hour: datetime, name: str, events: Sequence[Event]) -> tuple[str, bytes]:
    out = io.BytesIO()
    parquet.write_table(_table(events), out)
    return f"training_data/{hour:%Y-%m-%d}/{hour:%H}-{name}.parquet", out.getvalue()


def rows_of(content: bytes) -> int:
    """How many rows a Parquet file has."""
    return int(parquet.read_metadata(pa.BufferReader(content)).num_rows)


def put_objects(folder: Path, objects: Sequence[tuple[str, bytes]]) -> int:
    """Write objects into the bucket `storage`, several at a time; returns how many."""
    store, _ = open_project_store(STORAGE, folder)
    try:
        with ThreadPoolExecutor(WRITERS, "demo-put") as pool:
            return len(list(pool.map(lambda pair: store.put(*pair), objects)))
    finally:
        store.close()


@dataclass(frozen=True, slots=True)
class Bronze:
    """All objects of the bucket: the Parquet files' rows, and the JSON objects as texts."""

    training: pa.Table
    testing: pa.Table


def read_bronze(folder: Path) -> Bronze:
    """Fetch all objects, several at a time."""
    store, _ = open_project_store(BRONZE, folder)
    try:
        files = [parquet.read_table(pa.BufferReader(c)) for _, c in _all(store, "training_data/")]
        bodies = [(key, content.decode()) for key, content in _all(store, "testing_data/")]
    finally:
        store.close()
    testing = {"key": [key for key, _ in bodies], "body": [body for _, body in bodies]}
    return Bronze(pa.concat_tables(files), pa.table(testing))


def _all(store: ObjectStore, prefix: str) -> list[tuple[str, bytes]]:
    keys = [info.key for info in store.list(prefix)]
    with ThreadPoolExecutor(WRITERS, "demo-get") as pool:
        return list(zip(keys, pool.map(store.get, keys), strict=True))


def _by_hour(events: Sequence[Event]) -> Iterator[tuple[datetime, list[Event]]]:
    """The events by the hour in which they arrived; they come in that order."""
    begun: list[Event] = []
    for event in events:
        if begun and _hour(event) != _hour(begun[0]):
            yield _hour(begun[0]), begun
            begun = []
        begun.append(event)
    if begun:
        yield _hour(begun[0]), begun


def _hour(event: Event) -> datetime:
    return event.arrived_at.replace(minute=0, second=0, microsecond=0)


def _table(events: Sequence[Event]) -> pa.Table:
    columns = [[getattr(event, name) for event in events] for name in SCHEMA.names]
    arrays = [pa.array(c, field.type) for c, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _json(event: Event, drawn: random.Random) -> bytes:
    """The event as a JSON object; a few are broken, as some always are."""
    fields = {name: getattr(event, name) for name in SCHEMA.names}
    fields["event_time"] = event.event_time.isoformat(" ", "milliseconds")
    fields["price"] = str(event.price)
    if drawn.random() >= BROKEN_SHARE:
        return json.dumps(fields).encode()
    text = json.dumps(fields)
    broken = (text[: len(text) // 2], f"[{text}]", "{}", json.dumps({**fields, "price": "n/a"}))
    return broken[drawn.randrange(4)].encode()
