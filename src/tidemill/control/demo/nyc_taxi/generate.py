"""Generated taxi trips in the TLC yellow-taxi schema, with the dirt that real months have.

Guarantees: the same `(seed, starts_at, rows)` gives the same table, on every machine; trips follow
a daily and weekly rhythm, start in 265 zones of very different weight, and cost what a New York
taxi costs. About 7 % of the rows are dirty in the ways real files are: negative fares, zero
distance, missing passenger counts, drop-off before pick-up, dates years off, impossible distances,
meters left on for a day.
Non-guarantees: nothing here is a statistic of the real city.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

TRIPS_PER_DAY = 25_000
"""How dense the generated traffic is; a file's length in days follows from its rows."""

STARTS_AT = datetime(2026, 6, 1)  # noqa: DTZ001 - TLC files hold wall-clock time without a zone
"""First pick-up of the first generated file, a Monday."""

ZONES = 265
AIRPORTS = (132, 138)
_BUSY = (161, 237, 236, 132, 186, 230, 162, 142, 138, 170, 234, 163, 239, 48, 68, 79, 141, 107, 164)

# Share of a day's trips by hour; the night is quiet, the evening is busiest.
_WEEKDAY = (2.2, 1.4, 0.9, 0.6, 0.6, 0.9, 2.0, 3.6, 4.8, 4.9, 4.8, 5.0,
            5.3, 5.3, 5.6, 5.7, 5.7, 6.4, 7.0, 6.6, 5.9, 5.7, 5.2, 3.9)  # fmt: skip
_WEEKEND = (4.6, 3.9, 3.1, 2.2, 1.4, 0.8, 0.9, 1.3, 2.1, 3.1, 4.1, 4.8,
            5.2, 5.3, 5.4, 5.5, 5.5, 5.6, 5.9, 5.8, 5.3, 5.2, 5.3, 5.0)  # fmt: skip


def span(rows: int) -> timedelta:
    """How much time `rows` generated trips cover."""
    return timedelta(seconds=round(rows * 86_400 / TRIPS_PER_DAY))


def generate_trips(rows: int, *, seed: int = 2026, starts_at: datetime = STARTS_AT) -> pa.Table:
    """Make `rows` trips that begin at `starts_at`, under the column names of TLC's files."""
    start_s = int((starts_at - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001
    rng = np.random.default_rng([seed, start_s, rows])
    pickup_s = start_s + _pickup_offsets(rng, rows, starts_at)
    trips = _clean_trips(rng, pickup_s)
    _add_dirt(rng, trips)
    return _as_tlc(trips)


def _pickup_offsets(rng: np.random.Generator, rows: int, starts_at: datetime) -> np.ndarray:
    """Seconds from the start, ascending, drawn from the weekly rhythm minute by minute."""
    length_s = span(rows).total_seconds()
    minutes = np.arange(max(1, int(np.ceil(length_s / 60))))
    minute_of_week = minutes + starts_at.weekday() * 1440 + starts_at.hour * 60 + starts_at.minute
    day, hour = minute_of_week // 1440 % 7, minute_of_week % 1440 / 60
    hours = np.arange(25)
    weekday = np.interp(hour, hours, (*_WEEKDAY, _WEEKDAY[0]))
    weekend = np.interp(hour, hours, (*_WEEKEND, _WEEKEND[0]))
    cumulated = np.cumsum(np.where(day >= 5, weekend, weekday))
    picked = np.searchsorted(cumulated, rng.random(rows) * cumulated[-1])
    offsets = picked * 60 + rng.integers(0, 60, rows)
    return np.sort(np.minimum(offsets, max(0, int(length_s) - 1)))


def _zone_weights() -> np.ndarray:
    weights = 0.2 / (20.0 + np.random.default_rng(265).permutation(ZONES) ** 1.3)
    weights[np.array(_BUSY) - 1] = np.linspace(0.055, 0.02, len(_BUSY))
    shares: np.ndarray = weights / weights.sum()
    return shares


def _clean_trips(rng: np.random.Generator, pickup_s: np.ndarray) -> dict[str, np.ndarray]:
    rows = len(pickup_s)
    weights, zones = _zone_weights(), np.arange(1, ZONES + 1)
    pick, drop = rng.choice(zones, rows, p=weights), rng.choice(zones, rows, p=weights)
    airport = np.isin(pick, AIRPORTS) | np.isin(drop, AIRPORTS)
    distance = np.where(
        airport, rng.normal(12.5, 3.5, rows).clip(4, 28), rng.lognormal(0.62, 0.72, rows)
    ).clip(0.11, 60)
    hour = pickup_s % 86_400 / 3600
    speed_mph = np.where((hour >= 7) & (hour < 20), 9.5, 15.0) * np.where(airport, 1.7, 1.0)
    minutes = (distance / speed_mph * 60 * rng.lognormal(0, 0.25, rows) + 1.5).clip(1, 170)
    jfk_flat = ((pick == AIRPORTS[0]) | (drop == AIRPORTS[0])) & (rng.random(rows) < 0.75)
    metered = 3.0 + 0.7 * np.floor(distance * 5 * 0.72) + 0.7 * np.floor(minutes * 0.38)
    card = rng.random(rows) < 0.79
    trips = {
        "pickup_s": pickup_s,
        "dropoff_s": pickup_s + np.round(minutes * 60).astype(np.int64),
        "vendor": rng.choice(np.array([1, 2, 6, 7]), rows, p=(0.22, 0.75, 0.01, 0.02)),
        "passengers": rng.choice(np.arange(7), rows, p=(0.01, 0.74, 0.15, 0.04, 0.03, 0.02, 0.01)),
        "distance": np.round(distance, 2),
        "ratecode": np.where(jfk_flat, 2, 1),
        "pick": pick,
        "drop": drop,
        "payment": np.where(card, 1, rng.choice(np.array([2, 3, 4]), rows, p=(0.92, 0.03, 0.05))),
        "fare": np.round(np.where(jfk_flat, 70.0, metered), 2),
        "unknown": np.zeros(rows, dtype=bool),
        "forward": rng.random(rows) < 0.004,
    }
    _add_surcharges(rng, trips, airport, hour, card)
    return trips


def _add_surcharges(
    rng: np.random.Generator,
    trips: dict[str, np.ndarray],
    airport: np.ndarray,
    hour: np.ndarray,
    card: np.ndarray,
) -> None:
    rows = len(hour)
    rush, night = (hour >= 16) & (hour < 20), (hour >= 20) | (hour < 6)
    trips["extra"] = np.where(rush, 2.5, np.where(night, 1.0, 0.0))
    trips["mta"] = np.full(rows, 0.5)
    trips["improvement"] = np.full(rows, 1.0)
    trips["tolls"] = np.where(airport & (rng.random(rows) < 0.45), 6.94, 0.0)
    trips["congestion"] = np.where(rng.random(rows) < 0.9, 2.5, 0.0)
    trips["airport_fee"] = np.where(np.isin(trips["pick"], AIRPORTS), 1.75, 0.0)
    trips["cbd"] = np.where(rng.random(rows) < 0.7, 0.75, 0.0)
    parts = ("fare", "extra", "mta", "improvement", "tolls", "congestion", "airport_fee", "cbd")
    before_tip = sum(trips[name] for name in parts)
    trips["tip"] = np.round(np.where(card, before_tip * rng.normal(0.2, 0.05, rows).clip(0), 0), 2)
    trips["total"] = np.round(before_tip + trips["tip"], 2)


_MONEY = ("fare", "extra", "mta", "improvement", "tolls", "congestion", "airport_fee", "cbd",
          "tip", "total")  # fmt: skip


def _add_dirt(rng: np.random.Generator, trips: dict[str, np.ndarray]) -> None:
    rows = len(trips["pickup_s"])
    dirt = rng.random(rows)

    def rows_between(low: float, high: float) -> np.ndarray:
        return np.flatnonzero((dirt >= low) & (dirt < high))

    refund = rows_between(0, 0.006)
    for name in _MONEY:
        trips[name][refund] *= -1
    trips["distance"][rows_between(0.006, 0.018)] = 0.0
    trips["unknown"][rows_between(0.018, 0.060)] = True
    backwards = rows_between(0.060, 0.063)
    trips["dropoff_s"][backwards] = trips["pickup_s"][backwards] - rng.integers(
        1, 7200, len(backwards)
    )
    left_on = rows_between(0.063, 0.066)
    trips["dropoff_s"][left_on] = trips["pickup_s"][left_on] + 86_340
    years_off = rows_between(0.066, 0.0666)
    shift_s = rng.choice(np.array([-23, -17, 6, 72]), len(years_off)) * 365 * 86_400
    trips["pickup_s"][years_off] += shift_s
    trips["dropoff_s"][years_off] += shift_s
    far = rows_between(0.0666, 0.0669)
    trips["distance"][far] = np.round(rng.uniform(20_000, 260_000, len(far)), 2)


def _as_tlc(trips: dict[str, np.ndarray]) -> pa.Table:
    unknown = trips["unknown"]

    def known(values: np.ndarray, kind: pa.DataType) -> pa.Array:
        return pa.array(values, mask=unknown).cast(kind)

    def time(seconds: np.ndarray) -> pa.Array:
        return pa.array(seconds * 1_000_000, pa.int64()).cast(pa.timestamp("us"))

    money = {name: pa.array(trips[name]) for name in _MONEY}
    return pa.table(
        {
            "VendorID": pa.array(trips["vendor"]).cast(pa.int32()),
            "tpep_pickup_datetime": time(trips["pickup_s"]),
            "tpep_dropoff_datetime": time(trips["dropoff_s"]),
            "passenger_count": known(trips["passengers"], pa.int64()),
            "trip_distance": pa.array(trips["distance"]),
            "RatecodeID": known(trips["ratecode"], pa.int64()),
            "store_and_fwd_flag": known(np.where(trips["forward"], "Y", "N"), pa.string()),
            "PULocationID": pa.array(trips["pick"]).cast(pa.int32()),
            "DOLocationID": pa.array(trips["drop"]).cast(pa.int32()),
            "payment_type": pa.array(np.where(unknown, 0, trips["payment"])).cast(pa.int64()),
            "fare_amount": money["fare"],
            "extra": money["extra"],
            "mta_tax": money["mta"],
            "tip_amount": money["tip"],
            "tolls_amount": money["tolls"],
            "improvement_surcharge": money["improvement"],
            "total_amount": money["total"],
            "congestion_surcharge": known(trips["congestion"], pa.float64()),
            "Airport_fee": known(trips["airport_fee"], pa.float64()),
            "cbd_congestion_fee": money["cbd"],
        }
    )
