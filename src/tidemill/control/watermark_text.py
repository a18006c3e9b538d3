"""What the watermark doctor found, in plain sentences and as JSON data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from tidemill.control.watermarks import Diagnosis, Holder, Late, Waiting
from tidemill.engine.observation import SourceTime

_SILENT_MS = 10_000
"""From here on a partition is called silent where there is room for a few words only."""
_HOLDERS_MAX = 5


def sentences(found: Diagnosis) -> list[str]:
    """Everything, in sentences."""
    said = [*(text for source in found.sources for text in _source(source))]
    for waiting in found.waiting:
        said += waiting_sentences(waiting)
    if not found.waiting:
        said.append("Nothing waits for event time.")
    for late in found.late:
        said += late_sentences(late)
    return said


def waiting_sentences(waiting: Waiting, holders_max: int = _HOLDERS_MAX) -> list[str]:
    """Why one operator waits; of those that hold it back, the ones furthest behind."""
    operator = waiting.operator
    named = f"{operator.operator} ({operator.title}{_by(operator.keys)})"
    if operator.window_us is not None:
        begin, end = (instant(time) for time in operator.window_us)
        said = [
            f"The window {begin} to {end} of {named} is open: it closes when event time comes to "
            f"{instant(operator.needs_us)}, {_stands(operator.reached_us)}."
        ]
    else:
        said = [
            f"{named} waits for event time {instant(operator.needs_us)}, "
            f"{_stands(operator.reached_us)}."
        ]
    behind = sorted(waiting.holders, key=_watermark)
    said += [_holder(holder) for holder in behind[:holders_max]]
    more = len(behind) - holders_max
    if more > 0:
        said.append(f"{more} more partition{'s hold' if more > 1 else ' holds'} it back.")
    for table in waiting.idle:
        said.append(f"All partitions of {table} are idle: event time stands until a row comes.")
    return said + list(_advice(waiting))


def _watermark(holder: Holder) -> float:
    return float("-inf") if holder.watermark_us is None else holder.watermark_us


def late_sentences(late: Late) -> list[str]:
    """How many rows of a source were late, and what more delay would have saved."""
    share = f" ({late.late / late.rows:.2%})" if late.rows else ""
    said = [f"{late.late:,} of {late.rows:,} rows of {late.table}{share} came too late."]
    for saved in late.saved:
        how = f"With {duration(saved.more_ms)} more delay"
        if late.delay_us is not None:
            total = duration(saved.more_ms + late.delay_us / 1000)
            how = f"With a watermark delay of {total} instead of {duration(late.delay_us / 1000)}"
        part = f"{saved.rows:,} of {late.measured:,} ({saved.rows / late.measured:.0%})"
        said.append(f"{how}, {part} of the late rows would have come in time.")
    return said


def held_by(found: Diagnosis) -> str | None:
    """In a few words who holds back what waits; None where nobody has been silent for long."""
    silent = [
        holder
        for waiting in found.waiting
        for holder in waiting.holders
        if holder.silent_ms >= _SILENT_MS
    ]
    if not silent:
        return None
    worst = max(silent, key=lambda holder: holder.silent_ms)
    more = len({(holder.table, holder.partition) for holder in silent}) - 1
    others = f" and {more} more" if more else ""
    return (
        f"held by {worst.table} partition {worst.partition}{others}, silent for "
        f"{duration(worst.silent_ms)}"
    )


def as_dict(found: Diagnosis) -> dict[str, Any]:
    """Everything as JSON data; times in milliseconds since 1970."""
    return {
        "at_ms": found.now_ms,
        "sources": [_source_dict(source, found.now_ms) for source in found.sources],
        "waiting": [_waiting_dict(waiting) for waiting in found.waiting],
        "late": [_late_dict(late) for late in found.late],
    }


# -- sentences


def _source(source: SourceTime) -> Iterator[str]:
    if source.ended:
        yield f"All input of {source.table} has ended."
    elif not source.partitions:
        yield f"{source.table} has told of no partition yet."
    elif source.watermark_us is None:
        yield f"Event time of {source.table} has not begun: no watermark yet."
    else:
        idle = sum(part.idle for part in source.partitions.values())
        parts = f"{len(source.partitions)} partition{'s' * (len(source.partitions) != 1)}"
        yield (
            f"Event time of {source.table} stands at {instant(source.watermark_us)} "
            f"({parts}, {idle} idle)."
        )


def _stands(reached_us: int | None) -> str:
    if reached_us is None:
        return "and it has not begun"
    return f"and it stands at {instant(reached_us)}"


def _by(keys: tuple[str, ...]) -> str:
    return f" by {', '.join(keys)}" if keys else ""


def _holder(holder: Holder) -> str:
    where = f"Partition {holder.partition} of {holder.table}"
    silent = duration(holder.silent_ms)
    if holder.watermark_us is None:
        said = f"{where} holds it back: it has had no row, for {silent}"
    elif holder.rows:
        said = (
            f"{where} holds it back at {instant(holder.watermark_us)}: its last row came "
            f"{silent} ago"
        )
    else:
        said = (
            f"{where} holds it back at {instant(holder.watermark_us)}: no row has come since the "
            f"start {silent} ago"
        )
    if holder.needs_rowtime_us is not None:
        said += f"; it needs a row with {holder.rowtime} from {instant(holder.needs_rowtime_us)} on"
    else:
        said += f"; it needs a row whose watermark is at least {instant(holder.needs_us)}"
    if holder.idle_in_ms is not None:
        said += f", or counts as idle in {duration(holder.idle_in_ms)}"
    return said + "."


def _advice(waiting: Waiting) -> Iterator[str]:
    stuck = sorted(
        {
            holder.table
            for holder in waiting.holders
            if holder.idle_in_ms is None and holder.silent_ms >= _SILENT_MS
        }
    )
    for table in stuck:
        yield (
            f"{table} has no idle timeout, so a silent partition holds windows open for ever: set "
            "'scan.watermark.idle-timeout' of the table, or 'table.exec.source.idle-timeout'."
        )


# -- data


def _source_dict(source: SourceTime, now_ms: int) -> dict[str, Any]:
    return {
        "table": source.table,
        "rowtime": source.rowtime,
        "watermark_ms": _ms(source.watermark_us),
        "newest_ms": _ms(source.newest_us),
        "delay_ms": _ms(source.delay_us),
        "idle_timeout_ms": source.idle_timeout_ms,
        "ended": source.ended,
        "partitions": [
            {
                "partition": name,
                "watermark_ms": _ms(part.watermark_us),
                "idle": part.idle,
                "silent_ms": max(0, now_ms - part.seen_at_ms),
            }
            for name, part in source.partitions.items()
        ],
    }


def _waiting_dict(waiting: Waiting) -> dict[str, Any]:
    operator = waiting.operator
    window = operator.window_us
    return {
        "operator": operator.operator,
        "title": operator.title,
        "keys": list(operator.keys),
        "window_start_ms": None if window is None else window[0] // 1000,
        "window_end_ms": None if window is None else window[1] // 1000,
        "needs_ms": operator.needs_us // 1000,
        "reached_ms": _ms(operator.reached_us),
        "idle_tables": list(waiting.idle),
        "held_by": [
            {
                "table": holder.table,
                "partition": holder.partition,
                "watermark_ms": _ms(holder.watermark_us),
                "needs_rowtime_ms": _ms(holder.needs_rowtime_us),
                "silent_ms": holder.silent_ms,
                "idle_in_ms": holder.idle_in_ms,
            }
            for holder in waiting.holders
        ],
    }


def _late_dict(late: Late) -> dict[str, Any]:
    return {
        "table": late.table,
        "rows": late.rows,
        "late": late.late,
        "delay_ms": _ms(late.delay_us),
        "saved": [
            {
                "more_delay_ms": saved.more_ms,
                "rows": saved.rows,
                "share": round(saved.rows / late.measured, 4),
            }
            for saved in late.saved
        ],
    }


def _ms(micros: int | None) -> int | None:
    return None if micros is None else micros // 1000


def instant(micros: int) -> str:
    """An event time, without zeros that say nothing."""
    try:
        moment = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=micros)  # noqa: DTZ001 - none
    except OverflowError:
        return f"{micros // 1000} ms since 1970"
    text = moment.isoformat(" ", "milliseconds")
    return text.removesuffix(".000")


def duration(millis: float) -> str:
    """A length of time as a person says it: its two greatest units."""
    if millis < 1000:
        return f"{millis:.0f} ms"
    if millis < 60_000:
        return f"{millis / 1000:.3g} s"
    seconds = round(millis / 1000)
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    parts: list[str] = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part)
