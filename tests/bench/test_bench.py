"""The harness: its checker finds every kind of wrong output, and a measurement runs through."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from bench.chart import svg
from bench.engines import RunFailedError
from bench.engines.floor import Floor
from bench.engines.tidemill import Tidemill
from bench.inputs import INPUTS
from bench.report import Results, Sample, markdown, summarise
from bench.runs import Bench
from bench.servers import Servers
from bench.tasks import TASKS
from bench.verify import difference, expected_rows

from tidemill.interfaces.service import Endpoint

COUNT = 13_000
CHECKED = [name for name, task in TASKS.items() if task.check]
Rows = list[dict[str, Any]]


def right_output(name: str) -> Rows:
    """What an engine should give, from the check's own question, as JSON would carry it."""
    task = TASKS[name]
    assert task.check is not None
    con = duckdb.connect()
    for kind in task.inputs:
        INPUTS[kind](0, COUNT, con).create(kind)
    found = con.sql(f"SELECT to_json(e) FROM ({task.check.expected}) AS e ORDER BY ALL").fetchall()
    rows = [json.loads(text) for (text,) in found]
    if task.check.final:
        rows = [
            {"record_key": json.dumps({"customer_id": row["customer_id"]}), "number": i, **row}
            for i, row in enumerate(rows)
        ]
    return rows


def verdict(folder: Path, name: str, rows: Rows, *, knows_end: bool = True) -> str | None:
    file = folder / "output.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return difference(TASKS[name], COUNT, file, knows_end=knows_end)


def without_one(rows: Rows) -> Rows:
    return rows[1:]


def one_twice(rows: Rows) -> Rows:
    again = [{**row, "record_key": row["record_key"] + " "} for row in rows if "record_key" in row]
    return [*rows, *(again[:1] or rows[:1])]


def one_more(rows: Rows) -> Rows:
    odd = {k: v + 10**9 if isinstance(v, int) else v for k, v in rows[-1].items()}
    if "record_key" in odd:
        odd["record_key"] = json.dumps({"customer_id": odd["customer_id"]})
    return [*rows, odd]


def one_changed(rows: Rows) -> Rows:
    row = rows[len(rows) // 2]
    value = [key for key, value in row.items() if isinstance(value, (int, float))][-1]
    row[value if value != "closes_at" else "rides" if "rides" in row else "visits"] += 1
    return rows


def test_right_outputs_pass(tmp_path: Path) -> None:
    for name in CHECKED:
        assert verdict(tmp_path, name, right_output(name)) is None, name


@pytest.mark.parametrize("harm", [without_one, one_twice, one_more, one_changed])
def test_every_wrong_output_is_found(tmp_path: Path, harm: Callable[[Rows], Rows]) -> None:
    for name in ("T1", "T5", "T6"):
        assert verdict(tmp_path, name, harm(right_output(name))) is not None, name


def test_without_the_end_only_what_is_due_must_be_there(tmp_path: Path) -> None:
    """The last window may be missing, not the first; a wrong row is wrong in any case."""
    rows = sorted(right_output("T1"), key=lambda row: row["window_start"])
    assert 0 < expected_rows(TASKS["T1"], COUNT) < len(rows)
    assert expected_rows(TASKS["T2"], COUNT) == len(right_output("T2"))
    assert verdict(tmp_path, "T1", rows[:-1], knows_end=False) is None
    assert verdict(tmp_path, "T1", rows[:-1]) is not None
    assert verdict(tmp_path, "T1", rows[1:], knows_end=False) is not None
    rows[-1]["rides"] += 1
    assert verdict(tmp_path, "T1", rows, knows_end=False) is not None


def test_of_an_updating_output_the_last_record_of_a_key_counts(tmp_path: Path) -> None:
    rows = right_output("T6")
    early = [{**row, "orders": 7, "number": -1} for row in rows]
    assert verdict(tmp_path, "T6", [*early, *rows]) is None
    removed = {"record_key": rows[0]["record_key"], "number": len(rows)}
    assert verdict(tmp_path, "T6", [*rows, removed]) is not None


class Silent(Tidemill):
    """An engine whose rows are not those that were asked for."""

    def launch(self, job: Any) -> Any:
        def other() -> str:
            return re.sub(r"trip_distance > 10\b", "trip_distance > 12", job.task.make_text())

        task = type(job.task)(job.task.name, job.task.title, other, check=job.task.check)
        return super().launch(
            type(job)(
                task, job.servers, job.inputs, job.output, job.bounded, job.exactly_once,
                job.count, job.places, job.folder,
            )
        )  # fmt: skip


def test_measures_tidemill_and_the_floor(
    kafka_endpoint: Endpoint, tmp_path: Path, unique_name: Callable[[str], str]
) -> None:
    servers = Servers(kafka_endpoint.properties["bootstrap.servers"])
    count = 5_000
    bench = Bench(servers, tmp_path, prefix=unique_name("bench"))
    bench.prepare(TASKS["T2"], [count])
    ours = bench.run(Tidemill(), TASKS["T2"], count, exactly_once=True)
    assert ours.usage.cpu_s > 0 and ours.first_output_s is not None
    with pytest.raises(RunFailedError, match="is missing"):
        bench.run(Silent(), TASKS["T2"], count, exactly_once=False)
    floor = Floor()
    floor.start(servers, tmp_path)
    assert bench.run(floor, TASKS["T2"], count, exactly_once=False).usage.wall_s > 0


def test_the_report_has_medians_spread_ratios_and_what_is_missing() -> None:
    samples = [
        Sample("T1", engine, 1_000_000, rate, 1e6 / rate, 1.5, 100.0)
        for engine, rates in (("Tidemill", (300.0, 200.0, 100.0)), ("Other", (50.0, 40.0, 30.0)))
        for rate in rates
    ]
    settings = {"Tidemill": "defaults", "Other": "theirs"}
    results = Results({"date": "today"}, settings, samples, without={("T2", "Other"): "cannot"})
    text = markdown(results)
    assert "| T1 | Other | 1.00 | 40 (30–50) |" in text and "| 5.00 | 5.00 |" in text
    assert "- T2, Other: cannot" in text
    drawn = svg(summarise(samples, settings), {"T1": "windowed"})
    assert drawn.startswith("<svg") and drawn.count("<rect") == 2
