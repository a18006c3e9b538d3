"""The tasks, one file each: T1 to T6, S1 to S5 (`state/`), Nexmark's q0 to q22."""

from __future__ import annotations

from functools import partial

from bench.nexmark import QUERIES, query, tables
from bench.tasks import (
    t1_windowed,
    t2_stateless,
    t3_lookup,
    t4_sessions,
    t5_interval_join,
    t6_changes,
)
from bench.tasks.sinks import with_sink
from bench.tasks.task import HERE, Check, Task

__all__ = ["TASKS", "Check", "Task", "chosen"]

SOURCE = {
    "connector": "kafka",
    "topic": "${var:nexmark}",
    "properties.bootstrap.servers": "${var:bootstrap}",
    "properties.group.id": "${var:output}",
    "scan.startup.mode": "earliest-offset",
    "scan.bounded.mode": "latest-offset",
    "format": "json",
}
STREAMING = "SET 'execution.runtime-mode' = 'streaming';\n"
_MAIN = (
    t1_windowed.TASK, t2_stateless.TASK, t3_lookup.FEW, t3_lookup.MANY, t4_sessions.TASK,
    t5_interval_join.TASK, t6_changes.TASK,
)  # fmt: skip


def _state_tasks() -> dict[str, Task]:
    """What keeps state for each of a million keys: `state/<name>.sql`, a SELECT over the rides."""
    declared = (HERE / "state" / "rides.sql").read_text()
    found = {}
    for file in sorted((HERE / "state").glob("s*.sql")):
        text = file.read_text()
        title = text.splitlines()[0].removeprefix("-- ")
        name = file.stem.split("_")[0].upper()
        found[name] = Task(name, title, partial(with_sink, STREAMING + declared, text))
    return found


def _nexmark_tasks() -> dict[str, Task]:
    """Nexmark without q13, which looks up a database."""
    declared = STREAMING + tables(SOURCE)
    found = {}
    for name in QUERIES:
        if name != "q13":
            title = query(name).splitlines()[0].removeprefix("-- ")
            text = partial(with_sink, declared, query(name))
            found[name] = Task(name, title, text, ("nexmark",))
    return found


TASKS: dict[str, Task] = {task.name: task for task in _MAIN} | _state_tasks() | _nexmark_tasks()
GROUPS = {
    "main": [task.name for task in _MAIN],
    "nexmark": [name for name, task in TASKS.items() if task.inputs == ("nexmark",)],
    "state": [name for name in TASKS if name.startswith("S")],
}


def chosen(text: str) -> list[Task]:
    """Tasks by their names or those of groups, separated by commas."""
    names = [name for part in text.split(",") for name in GROUPS.get(part, [part])]
    if unknown := [name for name in names if name not in TASKS]:
        raise SystemExit(
            f"there is no task {unknown[0]}; there are: {', '.join([*GROUPS, *TASKS])}"
        )
    return [TASKS[name] for name in names]
