"""The finished windows as people want to see them: the zones that earn most, and the hours."""

from __future__ import annotations

from typing import Any

import psycopg

from tidemill.control.demo.model import HourTotal, ZoneTotal

ZONES_SHOWN = 10
HOURS_SHOWN = 168

_ZONES = b"""
SELECT w.zone_id, coalesce(z.zone, ''), sum(w.trips)::bigint, sum(w.passengers)::bigint,
  sum(w.revenue), sum(w.avg_distance * w.trips) / sum(w.trips)
FROM public.zone_window w LEFT JOIN public.taxi_zone z USING (zone_id)
GROUP BY 1, 2 ORDER BY 5 DESC, 1 LIMIT %s
"""
_HOURS = b"""
SELECT window_start, sum(trips)::bigint, sum(revenue)
FROM public.zone_window GROUP BY 1 ORDER BY 1 DESC LIMIT %s
"""


def top_zones(connection: psycopg.Connection[Any]) -> tuple[ZoneTotal, ...]:
    """The zones with the highest revenue over all finished windows."""
    rows = connection.execute(_ZONES, (ZONES_SHOWN,)).fetchall()
    connection.commit()
    return tuple(ZoneTotal(*row) for row in rows)


def last_hours(connection: psycopg.Connection[Any]) -> tuple[HourTotal, ...]:
    """Trips and revenue of the last hours that are finished, oldest first."""
    rows = connection.execute(_HOURS, (HOURS_SHOWN,)).fetchall()
    connection.commit()
    return tuple(HourTotal(*row) for row in reversed(rows))
