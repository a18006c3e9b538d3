"""The parity page says what results say, and no more."""

from __future__ import annotations

from pathlib import Path

import report
from report import Found, page

GENERATED = {
    "queries": 50, "seeds": [1, 2], "agreed": 44, "agreed_with_rows": 40, "refused": {"x": 4},
    "broken_on_flink": [[3, "why"]], "differing": [[7, "why"]],
    "covered": {"operator:Join": 12, "type:INT": 40, "function:||": 3},
}  # fmt: skip


def test_runs_are_counted_by_topic() -> None:
    found = Found(version="2.3.0")
    for way in range(report.WAYS):
        found.add("joins/a", f"way {way}", way != 5, "f1", queries=3)
    text = page(found, {"joins/a": "f1"}, GENERATED)
    assert "| joins | 1 | 3 | 8 | 7 | 1 |" in text
    assert "not run in all these ways" not in text
    assert "40 gave the same rows on both engines and 4 none; 4 were" in " ".join(text.split())
    assert "**1 differed**" in text
    assert "| `Join` | 12 |" in text
    assert "`\\|\\|`" in text


def test_queries_on_spark_stand_apart(tmp_path: Path) -> None:
    found, file = Found(version="2.3.0"), tmp_path / "results.json"
    found.add("joins/a", "straight", True, "f1")
    found.add_on_spark("joins/a", "1", True, "f1")
    found.merged(file).write(file)
    again = Found()
    again.add_on_spark("joins/a", "3", False, "f1")
    text = page(again.merged(file), {"joins/a": "f1"}, None)
    assert "| joins | 1 | 1 | 1 | 1 | 0 |" in text
    assert "| joins | 1 | 2 | 1 | 1 |" in text
    assert "On Spark" not in page(found, {"joins/a": "f2"}, None)


def test_results_of_another_text_do_not_count() -> None:
    found = Found()
    found.add("joins/a", "straight", True, "old")
    text = page(found, {"joins/a": "new", "sets/b": "f"}, None)
    assert "| joins | 1 | 1 | 0 | 0 | 0 |" in text
    assert "2 cases were not run in all these ways" in text


def test_runs_add_up_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    first, second, third = Found(version="2.3.0"), Found(), Found()
    first.add("a/b", "straight", True, "f1")
    second.add("a/b", "on Flink", False, "f1")
    third.add("a/b", "straight", True, "f2")
    for run in (first, second):
        run.merged(file).write(file)
    assert report.read(file).cases["a/b"]["ways"] == {"straight": True, "on Flink": False}
    assert report.read(file).version == "2.3.0"
    third.merged(file).write(file)
    assert report.read(file).cases["a/b"]["ways"] == {"straight": True}
