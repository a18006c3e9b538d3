"""One consumer group: members, lag by partition, and a reset that is tried first."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, load
from tidemill.console.parts.charts import TimeChart
from tidemill.console.parts.frame import Frame, frame
from tidemill.console.parts.numbers import count
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.consumer_groups import (
    Move,
    describe_group,
    group_as_dict,
    is_pipelines,
    plan_reset,
    reset,
)

PATH = "/groups/{group}"
_BLUE = "#2a8fb0"
_PARTITIONS = (
    Column("topic", "Topic"),
    Column("partition", "Partition", number=True),
    Column("committed", "Committed", number=True),
    Column("end", "End", number=True),
    Column("lag", "Lag", number=True),
    Column("client", "Client"),
)
_MEMBERS = (
    Column("client", "Client"),
    Column("host", "Host"),
    Column("partitions", "Partitions"),
    Column("id", "Member", code=True),
)
_MOVES = (
    Column("topic", "Topic"),
    Column("partition", "Partition", number=True),
    Column("before", "Before", number=True),
    Column("after", "After", number=True),
    Column("change", "Change", number=True),
)
_PIPELINE = (
    "A pipeline's sink keeps here which epoch it has committed; the pipeline goes on from its own "
    "checkpoint, so this group cannot be reset."
)
_TO = {"earliest": "the begin", "latest": "the end", "time": "a time (epoch ms)",
       "offset": "an offset", "shift": "so many messages on or back"}  # fmt: skip


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(group: str) -> None:
        with frame(hub, "Consumer groups", "/groups", trail=group) as on:
            found = await load(lambda: describe_group(hub.cluster, group))
            if found is None:
                ui.label("It cannot be shown.").classes("empty")
                return
            if not hub.groups.of(group):
                hub.groups.see(found)
            facts = ui.label().classes("fact-line")
            with ui.column().classes("chart-box"):
                chart = TimeChart("Lag", (("messages that wait", _BLUE, lambda s: s.lag),))
            ui.label("Lag by partition").classes("section")
            parts = table(
                _PARTITIONS, [], key="id", label="Lag by partition", paged=True,
                empty="The group has committed no offset.",
            )  # fmt: skip
            ui.label("Members").classes("section")
            members = table(
                _MEMBERS, [], key="id", label="Members", empty="Nobody reads with this group now."
            )

            async def refresh() -> None:
                now = await load(lambda: describe_group(hub.cluster, group))
                if now is None:
                    return
                data = group_as_dict(now, full=True)
                chart.show(hub.groups.of(group))
                facts.set_text(f"{data['state']} · {count(data['lag'])} messages wait")
                put(parts, [_part_row(part) for part in data["partitions"]])
                put(members, [{**one, "partitions": ", ".join(one["partitions"])}
                              for one in data["consumers"]])  # fmt: skip

            if is_pipelines(group):
                ui.label(_PIPELINE).classes("hint")
            elif on.may_change:
                topics = group_as_dict(found)["topics"]
                _reset_form(hub, on, group, topics, refresh)
            await refresh()
            ui.timer(3.0, refresh)


def _reset_form(hub: Hub, on: Frame, group: str, topics: list[str], refresh: Any) -> None:
    ui.label("Reset").classes("section")
    planned: list[Move] = []
    with ui.row().classes("tools"):
        topic = ui.select(topics, value=topics[0] if topics else None, label="Topic")
        to = ui.select(_TO, value="earliest", label="Go on at")
        value = ui.number("Value", precision=0)
        value.bind_visibility_from(to, "value", lambda v: v in ("time", "offset", "shift"))
        for one in (topic, to, value):
            one.props("dense outlined stack-label")
        tried = ui.button("Try (dry run)", on_click=lambda: dry())  # noqa: PLW0108 - it is defined below
        tried.props("dense outline no-caps")
        go = ui.button("Reset", on_click=lambda: do())  # noqa: PLW0108 - it is defined below
        go.props("dense unelevated no-caps color=negative").set_enabled(False)
    moves = table(
        _MOVES, [], key="partition", label="What the reset would do",
        empty="Try a reset first: nothing is changed by that.",
    )  # fmt: skip

    async def dry() -> None:
        number = None if value.value is None else int(value.value)
        found = await load(
            lambda: plan_reset(hub.cluster, group, topic=topic.value, to=to.value, value=number)
        )
        planned[:] = found or []
        moves.rows = [_move_row(move) for move in planned]
        go.set_enabled(bool(planned))

    async def do() -> None:
        def resetting() -> bool:
            reset(hub.cluster, group, planned)
            return True

        if await act(on, f"reset group to {to.value}", f"{group} on {topic.value}", resetting):
            ui.notify("The group goes on there.", type="positive")
            planned.clear()
            moves.rows = []
            go.set_enabled(False)
            await refresh()


def _part_row(part: dict[str, Any]) -> dict[str, Any]:
    numbers = {key: part[key] for key in ("partition", "committed", "end", "lag")}
    return {
        "id": f"{part['topic']}-{part['partition']}",
        "topic": part["topic"],
        "client": part["client"] or "",
        **{key: count(value) for key, value in numbers.items()},
        **{f"{key}_n": value for key, value in numbers.items()},
    }


def _move_row(move: Move) -> dict[str, Any]:
    data = move.as_dict()
    numbers = {key: data[key] for key in ("partition", "before", "after", "change")}
    return {
        "topic": data["topic"],
        **{key: count(value) for key, value in numbers.items()},
        **{f"{key}_n": value for key, value in numbers.items()},
    }
