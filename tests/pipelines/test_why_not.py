"""Where a message ended: for every end there is, on a real broker."""

from __future__ import annotations

import pytest
from pipeline_flow import Flow

from tidemill.control.run import run
from tidemill.control.why_not.ask import why_not
from tidemill.control.why_not.fate import Fate
from tidemill.control.why_not.place import Place, parse_place
from tidemill.errors import UserError

pytestmark = pytest.mark.servers
COLUMNS = "id INT, zone INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND"
MESSAGES = (
    '{"id": 0, "zone": 1, "ts": "2026-01-05 12:00:10"}',
    '{"id": 1, "zone": 9, "ts": "2026-01-05 12:00:20"}',  # its zone is filtered
    "no json",
    '{"id": 3, "zone": 2, "ts": "2026-01-05 12:00:30"}',  # its zone has no name
    '{"id": 4, "zone": 1, "ts": "2026-01-05 12:05:00"}',
)


def pipeline(flow: Flow, trips: str, names: str) -> str:
    return "\n".join(
        (
            flow.kafka("trips", COLUMNS, trips),
            flow.kafka("names", "zone INT, name STRING", names),
            flow.kafka("minutes", "zone INT, we TIMESTAMP(3), n BIGINT", f"{trips}.minutes"),
            flow.kafka("named", "id INT, name STRING", f"{trips}.named"),
            """INSERT INTO minutes SELECT zone, window_end, COUNT(*)
               FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
               WHERE zone < 9 GROUP BY zone, window_start, window_end;
               INSERT INTO named SELECT id, name FROM trips JOIN names
               ON trips.zone = names.zone;""",
        )
    )


def test_every_end_of_a_message_is_told(flow: Flow) -> None:
    trips = flow.topic("trips", *MESSAGES)
    names = flow.topic("names", '{"zone": 1, "name": "harbour"}')
    path = str(flow.write(pipeline(flow, trips, names)))
    run(path, until="caught-up")
    flow.send(trips, ['{"id": 5, "zone": 1, "ts": "2026-01-05 12:06:00"}'])

    def fate(offset: int) -> Fate:
        return why_not(None, path, Place(trips, 0, offset))

    kept = fate(0)
    assert kept.ended is None
    minutes, named = kept.effects
    assert [(row["zone"], row["we"], row["n"]) for row in minutes.adds] == [
        ("1", "2026-01-05T12:01:00", "1")
    ]
    assert named.adds == ({"id": "0", "name": "harbour"},)

    dropped = fate(1)
    assert dropped.ended == "filtered"
    assert any("TumbleAggregate" in line for line in dropped.said)
    broken = fate(2)
    assert broken.ended == "dead-letter"
    assert "format.malformed" in broken.said[0]
    lonely = fate(3)
    assert lonely.effects[0].adds
    assert not lonely.effects[1].adds
    waiting = fate(5)
    assert waiting.ended == "waiting"
    assert "up to offset 4" in waiting.said[0]

    with pytest.raises(UserError) as nothing:
        fate(99)
    assert nothing.value.code == "control.no-message"
    with pytest.raises(UserError) as elsewhere:
        why_not(None, path, Place(f"{trips}s", 0, 0))
    assert elsewhere.value.code == "control.no-such-source"
    assert f"`{trips}`" in (elsewhere.value.hint or "")


@pytest.mark.parametrize("text", ["", "trips", "trips:0", "trips:x:1", ":0:1", "trips:0:-1"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UserError) as raised:
        parse_place(text)
    assert raised.value.code == "control.message-place"
