"""What runs: Kafka that keeps little, Postgres, Connect, and a pipeline with two ways through it.

Rides from a topic become one-minute windows by zone in another topic, exactly once; changes of
`orders` become totals by customer in a table. Orders are updated all the time, a few at a time, so
that the connector's slot has a log to hold.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from bench.end_to_end import CONNECTOR
from bench.engines.process import ProcessRun
from bench.servers import Servers, reached
from bench.soak.feeder import Feeder

NAME, SLOT, WINDOWS = "soak", "debezium", "windows"
ORDERS, CUSTOMERS = 10_000, 500
KEPT_BYTES, SEGMENT_BYTES = 3 << 30, 128 << 20
UPDATES_AT_ONCE, UPDATE_EVERY_S = 5, 0.1
COMMAND = (sys.executable, "-m", "tidemill.cli")
LEAKING = (sys.executable, "-P", str(Path(__file__).with_name("leaking.py")))

_PROJECT = """
name: soak
servers:
  postgres: {start_timeout_s: 300}
  kafka:
    start_timeout_s: 300
    properties: {log.retention.check.interval.ms: 10000, log.segment.delete.delay.ms: 10000}
  connect: {start_timeout_s: 300}
pipelines: [soak.sql, top.sql]
"""
_RIDES = """
CREATE TABLE rides (
  ride_id BIGINT, vendor_id INT, pickup_at BIGINT, dropoff_at BIGINT, passenger_count INT,
  trip_distance DOUBLE, pu_location_id INT, do_location_id INT, payment_type INT,
  fare_amount DOUBLE, tip_amount DOUBLE, total_amount DOUBLE,
  pickup_time AS TO_TIMESTAMP_LTZ(pickup_at, 3),
  WATERMARK FOR pickup_time AS pickup_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka', 'topic' = '{rides}', 'format' = 'json',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'scan.startup.mode' = 'earliest-offset'
);
CREATE TABLE windows (
  window_start TIMESTAMP(3), pu_location_id INT, rides BIGINT, fare DOUBLE, distance DOUBLE
) WITH (
  'connector' = 'kafka', 'topic' = '{windows}', 'format' = 'json',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}'
);
"""
_WINDOWS = """
INSERT INTO windows
SELECT window_start, pu_location_id, COUNT(*), SUM(fare_amount), AVG(trip_distance)
FROM TABLE(TUMBLE(TABLE rides, DESCRIPTOR(pickup_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, pu_location_id;
"""
_ORDERS = """
CREATE TABLE orders (
  order_id BIGINT, customer_id BIGINT, amount BIGINT, note STRING,
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
  'connector' = 'kafka', 'topic' = 'shop.public.orders', 'format' = 'debezium-json',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'scan.startup.mode' = 'earliest-offset'
);
CREATE TABLE totals (
  customer_id BIGINT, orders BIGINT, amount BIGINT, PRIMARY KEY (customer_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc', 'url' = '${server:postgres.jdbc-url}', 'table-name' = 'totals',
  'username' = '${server:postgres.user}', 'password' = '${secret:postgres.password}',
  'sink.create-table' = 'true'
);
"""
_TOTALS = """
INSERT INTO totals SELECT customer_id, COUNT(*), SUM(amount) FROM orders GROUP BY customer_id;
"""


class Soaked:
    """The project in a folder of its own, with its servers up."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "tidemill.yaml").write_text(_PROJECT, encoding="utf-8")
        connector = {"name": "orders", "config": CONNECTOR}
        (root / "orders.json").write_text(json.dumps(connector), encoding="utf-8")
        rides = _RIDES.format(rides="rides", windows=WINDOWS)
        both = f"EXECUTE STATEMENT SET BEGIN{_WINDOWS}{_TOTALS}END;\n"
        (root / "soak.sql").write_text(rides + _ORDERS + both, encoding="utf-8")
        top = _RIDES.format(rides="top-rides", windows="top-windows")
        (root / "top.sql").write_text(top + _WINDOWS, encoding="utf-8")
        self._tidemill("up")
        self.servers: Servers = reached(root / ".tidemill")
        self._make_orders()
        self._tidemill("connector", "register", "orders.json")
        for topic in ("rides", "top-rides"):
            self._make_topic(topic, kept_bytes=KEPT_BYTES)
        for topic in (WINDOWS, "top-windows"):
            self._make_topic(topic)

    def start(self, pipeline: str, command: tuple[str, ...] = COMMAND) -> ProcessRun:
        """Run a pipeline as a process; its log is beside it."""
        (folder := self.root / pipeline).mkdir()
        asked = [*command, "run", pipeline, "--json", "--every-s", "60", "-C", str(self.root)]
        return ProcessRun("Tidemill", asked, folder)

    def feed(self, topic: str, rate: int, seconds: int, *, paced: bool = True) -> Feeder:
        """The feeder, once it is ready."""
        ring = self.root / "rides.jsonl"
        return Feeder(self.servers.bootstrap, topic, ring, rate, seconds, paced=paced)

    def state(self, pipeline: str) -> Path:
        """The pipeline's state folder."""
        return self.root / ".tidemill" / "pipelines" / pipeline

    def down(self) -> None:
        """End the servers."""
        subprocess.run([*COMMAND, "down"], cwd=self.root, check=False, stdout=-3)

    def _tidemill(self, *arguments: str) -> None:
        subprocess.run([*COMMAND, *arguments], cwd=self.root, check=True, stdout=-3)

    def _make_orders(self) -> None:
        with self.servers.connect() as connection:
            connection.execute(
                "CREATE TABLE orders (order_id BIGINT PRIMARY KEY, customer_id BIGINT NOT NULL,"
                " amount BIGINT NOT NULL, note TEXT NOT NULL)"
            )
            # By the connector's setting it comes after the first updates, which would be letters.
            connection.execute("ALTER TABLE orders REPLICA IDENTITY FULL")
            connection.execute(
                "INSERT INTO orders SELECT i, i %% %s, i %% 997, 'note of order ' || i"
                " FROM generate_series(1, %s) AS i",
                (CUSTOMERS, ORDERS),
            )

    def _make_topic(self, topic: str, kept_bytes: int = -1) -> None:
        admin = AdminClient({"bootstrap.servers": self.servers.bootstrap, "log_level": 0})
        config = {"retention.bytes": str(kept_bytes), "segment.bytes": str(SEGMENT_BYTES)}
        admin.create_topics([NewTopic(topic, 1, 1, config=config)])[topic].result(30)


class Trickle:
    """A thread that updates some orders all the time."""

    def __init__(self, servers: Servers) -> None:
        self._connection = servers.connect()
        self._stop = threading.Event()
        self._random = random.Random(1)
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while not self._stop.wait(UPDATE_EVERY_S):
            orders = self._random.sample(range(1, ORDERS + 1), UPDATES_AT_ONCE)
            self._connection.execute(
                "UPDATE orders SET amount = (amount * 7 + 1) %% 997 WHERE order_id = ANY(%s)",
                (orders,),
            )

    def stop(self) -> None:
        """Stop updating."""
        self._stop.set()
        self._thread.join()
        self._connection.close()
