"""Dead letters go back into their topics, each once; what could count twice stays."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pipeline_flow import Flow, jsons

from tidemill.connectors.kafka.records import NewRecord
from tidemill.connectors.kafka.redrive import HEADER, Redriver, Return, marks_in
from tidemill.control.dead_letters import read
from tidemill.control.dead_letters.read import letter_counts, letters, marks_topic
from tidemill.control.dead_letters.redrive import Redriven, redrive
from tidemill.control.dead_letters.selection import Selection, read_mended
from tidemill.control.project_context import project_for
from tidemill.control.topics import Cluster
from tidemill.errors import ConnectorError, UserError

pytestmark = pytest.mark.servers

GOOD = jsons([{"id": 1, "v": "a"}, {"id": 2, "v": "b"}])
LATER_GOOD = b'{"id": "three", "v": "c"}'
NEVER_GOOD = b"no json at all"


def put_back(flow: Flow, selection: Selection | None = None, **more: Any) -> Redriven:
    path = str(flow.folder / f"{flow.name}.sql")
    project = project_for(path, None)
    return redrive(project, Cluster(None, flow.bootstrap), path, selection, **more)


def kept(flow: Flow) -> list[Any]:
    path = str(flow.folder / f"{flow.name}.sql")
    return list(letters(project_for(path, None), Cluster(None, flow.bootstrap), path))


def copying(flow: Flow, topic: str, kind: str) -> list[str]:
    columns = f"id {kind}, v STRING"
    return [
        flow.kafka("s", columns, topic),
        flow.kafka("o", columns, f"{flow.name}-out"),
        "INSERT INTO o SELECT id, v FROM s;",
    ]


def test_each_message_goes_back_once(flow: Flow) -> None:
    """Also when asked twice, and when one fails again: that is a letter of its own."""
    topic = flow.topic("in", GOOD[0], (b"k", LATER_GOOD), GOOD[1], NEVER_GOOD)
    flow.run(*copying(flow, topic, "BIGINT"))
    assert put_back(flow, dry_run=True).topics == {topic: 2}
    assert len(flow.records(topic)) == 4
    flow.run(*copying(flow, topic, "BIGINT"))
    done = put_back(flow)
    assert (done.topics, done.already, done.kept) == ({topic: 2}, 0, {})
    back = flow.records(topic)[4:]
    assert [(r.key, r.value) for r in back] == [(b"k", LATER_GOOD), (None, NEVER_GOOD)]
    assert dict(back[0].headers) == {HEADER: f"{topic}/0/1".encode()}
    assert back[0].timestamp_ms == flow.records(topic)[1].timestamp_ms
    again = put_back(flow)
    assert (again.messages, again.already) == (0, 2)
    flow.run()
    assert [letter.redriven for letter in kept(flow)] == [True, True, False, False]
    assert put_back(flow, Selection(code="format.malformed")).topics == {topic: 1}


def test_mended_messages_go_back(flow: Flow) -> None:
    topic = flow.topic("in", *GOOD, LATER_GOOD, NEVER_GOOD)
    flow.run(*copying(flow, topic, "BIGINT"))
    lines = [letter.as_dict() for letter in kept(flow)]
    lines[1]["value"] = {"id": 4, "v": "mended"}
    file = flow.folder / "letters.jsonl"
    file.write_text(json.dumps(lines[1], ensure_ascii=False) + "\n\n")
    assert put_back(flow, Selection(mended=read_mended(file))).topics == {topic: 1}
    flow.run()
    assert [row["v"] for row in flow.rows(f"{flow.name}-out")] == ["a", "b", "mended"]


def test_what_could_count_twice_stays(flow: Flow) -> None:
    """A row of which one of two outputs may have taken something, and a change of a changelog."""
    topic = flow.topic("in", *jsons([{"id": 1, "v": "1"}, {"id": 2, "v": "x"}]), NEVER_GOOD)
    source = flow.kafka("s", "id BIGINT, v STRING", topic)
    outputs = [flow.kafka(name, "id BIGINT, n INT", f"{flow.name}-{name}") for name in ("o", "p")]
    one = "INSERT INTO o SELECT id, CAST(v AS INT) FROM s;"
    both = f"EXECUTE STATEMENT SET BEGIN {one} INSERT INTO p SELECT id, 0 FROM s; END;"
    flow.run(source, *outputs, both)
    done = put_back(flow, dry_run=True)
    assert done.topics == {topic: 1}
    (reason,) = done.kept
    assert "it would count twice" in reason
    flow.write(source, *outputs, one)
    assert put_back(flow, dry_run=True).topics == {topic: 2}
    changes = flow.kafka("s", "id BIGINT, v STRING", topic, format="debezium-json")
    upserts = (
        "CREATE TABLE o (id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ("
        f"'connector' = 'upsert-kafka', 'topic' = '{flow.name}-u', 'key.format' = 'json', "
        f"'value.format' = 'json', 'properties.bootstrap.servers' = '{flow.bootstrap}');"
    )
    flow.write(changes, upserts, "INSERT INTO o SELECT id, v FROM s;")
    (reason,) = put_back(flow, dry_run=True).kept
    assert "s is a changelog" in reason


@pytest.mark.parametrize("strange", [b"by hand", b"[1]", b'{"table": 5}', b"\xff\x00"])
def test_what_no_pipeline_wrote_is_shown_with_its_place(strange: bytes) -> None:
    letter = read._letter(strange, "p.dead-letter/0/7", b"k")
    assert (letter.table, letter.stage, letter.code, letter.value) == (
        "p.dead-letter/0/7", "foreign", "control.no-letter", strange,
    )  # fmt: skip
    assert "p.dead-letter/0/7 is no dead letter" in letter.message
    assert letter.as_dict()["origin"] is None


def test_what_was_written_by_hand_stays_and_stops_nothing(flow: Flow) -> None:
    topic = flow.topic("in", *GOOD, NEVER_GOOD)
    flow.run(*copying(flow, topic, "BIGINT"))
    flow.send(f"{flow.name}.dead-letter", [b"by hand"])
    assert [letter.code for letter in kept(flow)] == ["format.malformed", "control.no-letter"]
    done = put_back(flow, dry_run=True)
    assert done.topics == {topic: 1}
    (reason,) = done.kept
    assert "no pipeline wrote them" in reason


def test_letters_are_counted_by_reason(flow: Flow) -> None:
    topic = flow.topic("in", *GOOD, LATER_GOOD, NEVER_GOOD, NEVER_GOOD)
    flow.run(*copying(flow, topic, "BIGINT"))
    path = str(flow.folder / f"{flow.name}.sql")
    found = letter_counts(project_for(path, None), Cluster(None, flow.bootstrap), path)
    assert [(c.stage, c.code, c.letters, c.redriven) for c in found] == [
        ("type", "format.type-mismatch", 1, 0),
        ("parse", "format.malformed", 2, 0),
    ]
    assert asdict(found[0])["pipeline"] == flow.name


def test_a_second_redrive_fences_the_first(flow: Flow) -> None:
    topic, marks = flow.topic("in", *GOOD), marks_topic(flow.name)
    one = Return(f"{topic}/0/0", topic, NewRecord(b"back"))
    with Redriver(flow.admin, marks, flow.name) as first:
        assert marks_in(flow.admin, marks) == set()
        with Redriver(flow.admin, marks, flow.name) as second:
            second.put([one])
        with pytest.raises(ConnectorError, match="put messages back"):
            first.put([one])
    assert [r.value for r in flow.records(topic)][2:] == [b"back"]


def test_a_file_that_holds_no_letters_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    file.write_text('{"origin": "t/0/1", "value": "x"}\n{"value": "y"}\n')
    with pytest.raises(UserError, match="not a letter") as caught:
        read_mended(file)
    assert caught.value.where is not None
    assert "2:1" in str(caught.value.where)
