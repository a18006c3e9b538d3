"""A row that breaks a Python function: kept as it came, wherever the function stands."""

from __future__ import annotations

from typing import Any

import pytest
from pipeline_flow import Flow, jsons

pytestmark = pytest.mark.servers

MODULE = """
import pyarrow.compute as pc

from tidemill.functions import AggregateFunction, udaf, udf, udtf


@udf
def checked(v: str) -> str:
    if v == "bad":
        raise ValueError("no bad words")
    return v


@udf(func_type="arrow")
def halved(id: int) -> int:
    return pc.divide(10, id)


@udf(result_type="INT")
def wrong(id):
    return "nine" if id == 9 else id


@udtf(result_types=["STRING"])
def letters(v: str):
    for letter in v:
        yield checked("bad" if letter == "!" else letter)


class Longest(AggregateFunction):
    def create_accumulator(self):
        return [""]

    def accumulate(self, accumulator, v: str):
        accumulator[0] = max(accumulator[0], checked(v), key=len)

    def get_value(self, accumulator):
        return accumulator[0]


longest = udaf(Longest(), result_type="STRING", accumulator_type="ARRAY<STRING>")
"""
CASES: dict[str, tuple[str, list[Any], str]] = {
    # INSERT, (id, v) of the bad row, the beginning of the message
    "row": ("SELECT id, checked(v) FROM s", [4, "bad"], "the function checked failed: ValueError"),
    "batch": ("SELECT halved(id), v FROM s", [0, "x"], "the function halved failed: ArrowInvalid"),
    "result": ("SELECT wrong(id), v FROM s", [9, "x"], "the function wrong (functions/mine.py:"),
    "table": (
        "SELECT id, l FROM s, LATERAL TABLE(letters(v)) AS a (l)", [4, "a!"],
        "the function letters failed: ValueError",
    ),
    "where": ("SELECT id, v FROM s WHERE checked(v) <> 'q'", [4, "bad"], "the function checked"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_message_goes_to_the_dead_letters_with_its_origin(flow: Flow, case: str) -> None:
    query, (number, text), expected = CASES[case]
    (flow.folder / "functions").mkdir()
    (flow.folder / "functions" / "mine.py").write_text(MODULE)
    good = [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}]
    raw = jsons([{"id": number, "v": text}])[0].encode()
    topic = flow.topic("in", *jsons(good), raw, *jsons(good))
    out = f"{flow.name}-out"
    names = ("checked", "halved", "wrong", "letters")
    sql = "\n".join(
        [
            flow.kafka("s", "id BIGINT, v STRING", topic),
            flow.kafka("o", "id BIGINT, v STRING", out),
            *(f"CREATE FUNCTION {n} AS 'mine.{n}' LANGUAGE PYTHON;" for n in names),
            f"INSERT INTO o {query};",
        ]
    )
    progress = flow.run(sql, row_per_record=False)
    assert len(flow.rows(out)) == 4
    assert (progress.records, progress.rows_out, progress.dead_letters) == (5, 4, 1)
    (letter,) = flow.letters()
    assert letter["message"].startswith(expected)
    assert "functions/mine.py:" in letter["message"]
    assert (letter["table"], letter["topic"], letter["partition"]) == ("s", topic, "0")
    assert (letter["position"], letter["value"]) == ("2", raw)


def test_a_stream_of_groups_goes_on_after_a_crash_with_its_accumulators(flow: Flow) -> None:
    """The second run begins behind the first one's offsets: what it knows, it knows from state."""
    (flow.folder / "functions").mkdir()
    (flow.folder / "functions" / "mine.py").write_text(MODULE)
    topic = flow.topic("in", *jsons([{"id": 1, "v": "long one"}, {"id": 1, "v": "bad"}]))
    out = f"{flow.name}-out"
    sql = "\n".join(
        [
            flow.kafka("s", "id BIGINT, v STRING", topic),
            flow.kafka(
                "o", "id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED", out,
                connector="upsert-kafka", format="", scan__startup__mode="",
                key__format="json", value__format="json",
            ),
            "CREATE FUNCTION longest AS 'mine.longest' LANGUAGE PYTHON;",
            "INSERT INTO o SELECT id, longest(v) FROM s GROUP BY id;",
        ]
    )  # fmt: skip
    flow.run(sql, row_per_record=False)
    assert [row["v"] for row in flow.rows(out)] == ["long one"]
    (letter,) = flow.letters()
    assert (letter["topic"], letter["position"]) == (topic, "1")
    flow.send(topic, jsons([{"id": 1, "v": "short"}, {"id": 1, "v": "the longest"}]))
    flow.run(row_per_record=False)
    assert [row["v"] for row in flow.rows(out)][-1] == "the longest"
    assert len(flow.letters()) == 1
