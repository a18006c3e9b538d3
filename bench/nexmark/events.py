"""The events: of every 50, one is a person, three are auctions, 46 are bids; seeded by position.

Event i is always the same, so that a recording can be made in pieces and checked by a hash. As in
the benchmark's own generator, ids count up from 1000, half of the bids go to a hot auction, three
of four come from a hot bidder, prices are log-uniform, and half of the bids name a known channel.
"""

from __future__ import annotations

import duckdb

FIRST_MS = 1_700_000_000_000
FIRST_ID = 1_000
PERSONS, AUCTIONS, CYCLE = 1, 3, 50

_EVENTS = """
WITH numbered AS (
  SELECT i, i // 50 AS cycle, i % 50 AS slot, $first + i * $gap_us // 1000 AS ms,
         CAST(hash(i, 1) >> 1 AS BIGINT) AS h1, CAST(hash(i, 2) >> 1 AS BIGINT) AS h2,
         CAST(hash(i, 3) >> 1 AS BIGINT) AS h3, CAST(hash(i, 4) >> 1 AS BIGINT) AS h4,
         CAST(hash(i, 5) >> 1 AS BIGINT) AS h5, CAST(hash(i, 6) >> 1 AS BIGINT) AS h6,
         CAST(hash(i, 7) >> 1 AS BIGINT) AS h7
  FROM (SELECT unnest(range($low, $high)) AS i)
), known AS (
  SELECT *, strftime(make_timestamp(ms * 1000), '%Y-%m-%d %H:%M:%S.%g') AS stamp,
         1000 + cycle AS last_person,
         1000 + cycle * 3 + least(greatest(slot - 1, 0), 2) AS last_auction,
         CAST(pow(10, (h1 % 1000000) / 1000000.0 * 6) * 100 AS BIGINT) AS price,
         repeat(chr(CAST(97 + h7 % 26 AS INTEGER)), CAST(10 + h6 % 40 AS INTEGER)) AS extra
  FROM numbered
)
SELECT
  CASE WHEN slot < 1 THEN 0 WHEN slot < 4 THEN 1 ELSE 2 END AS event_type,
  CASE WHEN slot < 1 THEN struct_pack(
    id := last_person,
    name := ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter',
             'Walter'][1 + h1 % 11] || ' ' ||
            ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones',
             'Noris'][1 + h2 % 9],
    "emailAddress" := printf('u%d@site%d.com', h3 % 100000, h4 % 100),
    "creditCard" := printf('%04d %04d %04d %04d', h1 % 10000, h2 % 10000, h3 % 10000, h4 % 10000),
    city := ['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond',
             'Seattle', 'Kent', 'Cheyenne'][1 + h5 % 10],
    state := ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'][1 + h6 % 6],
    "dateTime" := stamp,
    extra := extra) END AS person,
  CASE WHEN slot BETWEEN 1 AND 3 THEN struct_pack(
    id := last_auction,
    "itemName" := printf('item %x', h2 % 1048576),
    description := printf('a thing of kind %d, as %s', h3 % 100, extra),
    "initialBid" := price,
    reserve := price + CAST(pow(10, (h2 % 1000000) / 1000000.0 * 6) * 100 AS BIGINT),
    "dateTime" := stamp,
    expires := strftime(make_timestamp((ms + 1 + h3 % 20000) * 1000),
                        '%Y-%m-%d %H:%M:%S.%g'),
    seller := CASE WHEN h4 % 4 > 0 THEN last_person // 100 * 100
                   ELSE last_person - h5 % least(1000, last_person - 999) END,
    category := 10 + h6 % 5,
    extra := extra) END AS auction,
  CASE WHEN slot > 3 THEN struct_pack(
    auction := CASE WHEN h2 % 2 > 0 THEN last_auction // 100 * 100
                    ELSE last_auction - h3 % least(100, last_auction - 999) END,
    bidder := CASE WHEN h4 % 4 > 0 THEN last_person // 100 * 100 + 1
                   ELSE last_person - h5 % least(1000, last_person - 999) END,
    price := price,
    channel := CASE WHEN h6 % 2 = 0 THEN ['Google', 'Facebook', 'Baidu', 'Apple'][1 + h7 % 4]
                    ELSE printf('channel-%d', h7 % 10000) END,
    url := printf('https://www.nexmark.com/%s/%s/%s/item.htm?query=1',
                  chr(CAST(97 + h1 % 26 AS INTEGER)), chr(CAST(97 + h2 % 26 AS INTEGER)),
                  chr(CAST(97 + h3 % 26 AS INTEGER)))
           || CASE WHEN h6 % 2 = 0 THEN '' WHEN h5 % 10 = 0 THEN ''
                   ELSE printf('&channel_id=%d', h7 % 10000) END,
    "dateTime" := stamp,
    extra := extra) END AS bid
FROM known ORDER BY i
"""


def events(
    low: int, high: int, con: duckdb.DuckDBPyConnection, gap_us: int = 100
) -> duckdb.DuckDBPyRelation:
    """Events `low` to `high`, `gap_us` of event time apart: `event_type` and three structs."""
    values = {"first": FIRST_MS, "gap_us": gap_us, "low": low, "high": high}
    return con.sql(_EVENTS, params=values)


def lines(low: int, high: int, con: duckdb.DuckDBPyConnection, gap_us: int = 100) -> list[str]:
    """The same as JSON texts, as they stand in a topic or a file."""
    rows = events(low, high, con, gap_us)
    texts = rows.query("e", "SELECT CAST(to_json(e) AS VARCHAR) FROM e").fetchall()
    return [text for (text,) in texts]
