"""The captured table's columns change while rows are written, and change back.

`add`: one that the pipeline does not declare comes and goes. `widen`: columns get larger types.
`drop`: one that it declares is dropped; when it comes back, all rows have to be written once, as
Postgres tells nobody that their values are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from psycopg import sql

from tidemill.control.chaos.fault import CDC, Fault, Given
from tidemill.control.chaos.scene import Scene

_THERE = {
    "add": ("ALTER TABLE {} ADD COLUMN extra text DEFAULT 'x'", "UPDATE {} SET extra = 'y'"),
    "widen": (
        "ALTER TABLE {} ALTER grp TYPE bigint, ALTER note TYPE varchar(80), "
        "ALTER amount TYPE numeric(14, 2)",
    ),
    "drop": ("ALTER TABLE {} DROP COLUMN note",),
}
_BACK = {
    "add": ("ALTER TABLE {} DROP COLUMN extra",),
    "widen": (
        "ALTER TABLE {} ALTER grp TYPE int, ALTER note TYPE varchar(40), "
        "ALTER amount TYPE numeric(12, 2)",
    ),
    "drop": ("ALTER TABLE {} ADD COLUMN note varchar(40)", "UPDATE {} SET note = NULL"),
}


@contextmanager
def _inject(scene: Scene, given: Given) -> Iterator[None]:
    how = given["how"]
    _change(scene, _THERE[how], ("note",) if how == "drop" else ())
    yield
    _change(scene, _BACK[how], ())


def _change(scene: Scene, texts: tuple[str, ...], without: tuple[str, ...]) -> None:
    """One transaction; the feed goes on right behind it."""
    feed, table = scene.captured.feed, sql.Identifier(scene.captured.table)

    def run() -> None:
        with feed.held():
            with scene.servers.sql() as connection, connection.transaction():
                for text in texts:
                    connection.execute(sql.SQL(text).format(table))
            feed.without(*without)

    scene.captured.insist(run)


def _draw(rng: Random) -> dict[str, str]:
    return {"how": rng.choice(tuple(_THERE))}


FAULT = Fault(
    "change-table", "columns of the captured table are added, widened or dropped", _inject,
    hold_s=(0.5, 3.0), draw=_draw, weight=3, pipelines=(CDC,),
)  # fmt: skip
