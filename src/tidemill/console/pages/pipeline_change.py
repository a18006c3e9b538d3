"""A pipeline's savepoints, and what its changed text does to its state: plan, compare, apply."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.actions import act, confirm, load
from tidemill.console.parts.frame import Frame, frame
from tidemill.console.parts.numbers import count, moment, size
from tidemill.console.parts.tables import Column, put, table
from tidemill.control.change.apply import apply_change
from tidemill.control.change.planned import (
    LOST,
    UNCHANGED,
    ChangePlan,
    Fate,
    plan_change,
    sentences,
)
from tidemill.control.change.side_by_side import difference_lines, side_by_side
from tidemill.control.savepoints import Kept, delete_savepoint, list_savepoints, take_savepoint
from tidemill.records import dataclass

PATH = "/pipelines/{name}/change"
_SAVEPOINTS = (
    Column("name", "Savepoint"),
    Column("epoch", "Epoch", number=True),
    Column("taken", "Taken"),
    Column("bytes", "Size", number=True),
)
_FATES = (
    Column("kind", "What"),
    Column("title", "Of"),
    Column("fate", "Fate", state=True),
    Column("why", "Why"),
)
_READS = (
    Column("table", "Read again"),
    Column("partition", "Partition"),
    Column("start", "From", number=True),
    Column("end", "To", number=True),
    Column("records", "Records at most", number=True),
)


def add(hub: Hub) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page(name: str) -> None:
        with frame(hub, "Pipelines", "/pipelines", trail=f"{name}: savepoints and change") as on:
            view = _View(hub, on, name)
            view.build()
            await view.refresh()


@dataclass
class _View:
    """The page's changing parts."""

    hub: Hub
    on: Frame
    name: str
    plan: ChangePlan | None = None

    def build(self) -> None:
        """Lay the page out."""
        with ui.row().classes("tools"):
            ui.button("Look again", icon="refresh", on_click=self.refresh).props(
                "dense outline no-caps"
            )
            self._compare = ui.button("Compare side by side", icon="difference")
            self._compare.props("dense outline no-caps").on_click(self._on_compare)
            if self.on.may_change:
                self._allow = ui.checkbox("Go on where state is lost")
                self._allow.on_value_change(self._enable)
                self._apply = ui.button("Apply", icon="swap_horiz", on_click=self._on_apply)
                self._apply.props("dense unelevated no-caps color=negative")
        self._said = (
            ui.label().classes("hint lines").props('role=status aria-label="What the change does"')
        )
        ui.label("What becomes of its state").classes("section")
        self._fates = table(
            _FATES, [], key="id", empty="It has committed nothing yet: start it.", label="Fates"
        )
        self._reads = table(
            _READS, [], key="id", empty="Nothing is read again.", label="Read again"
        )
        ui.label("Savepoints").classes("section")
        with ui.row().classes("tools"):
            if self.on.may_change:
                take = ui.button("Take savepoint", icon="bookmark_add", on_click=self._on_take)
                take.props("dense outline no-caps")
                self._chosen = ui.input("Savepoint", placeholder="its name")
                self._chosen.props("dense outlined stack-label")
                ui.button("Delete", on_click=self._on_delete).props("dense outline no-caps")
            ui.label(f"Go back: tidemill run {self.name} --from SAVEPOINT").classes("hint")
        self._savepoints = table(
            _SAVEPOINTS, [], empty="There is none. Apply keeps one before it switches.",
            label="Savepoints", paged=True,
        )  # fmt: skip

    async def refresh(self) -> None:
        """Show what would be done now."""
        root = self.hub.project.root
        kept = await load(lambda: list_savepoints(root, self.name))
        put(self._savepoints, [_savepoint(one) for one in kept or []])
        self.plan = await load(lambda: plan_change(self.name, root))
        plan = self.plan
        kinds = ("source", "operator", "sink")
        fates = [] if plan is None else [f for kind in kinds for f in plan.of_kind(kind)]
        put(self._fates, [_fate(place, one) for place, one in enumerate(fates)])
        put(self._reads, [] if plan is None else [_read(one.as_dict()) for one in plan.reads])
        self._said.set_text("" if plan is None else "\n".join(sentences(plan)))
        self._enable()

    def _enable(self) -> None:
        plan = self.plan
        changed = plan is not None and plan.verdict != UNCHANGED
        self._compare.set_enabled(changed)
        if self.on.may_change:
            lost = plan is not None and plan.verdict == LOST
            self._allow.set_visibility(lost)
            self._apply.set_enabled(changed and (not lost or bool(self._allow.value)))

    async def _on_compare(self) -> None:
        plan = self.plan
        if plan is None:
            return
        self._compare.disable()
        found = await load(lambda: side_by_side(self.hub.project, plan))
        if found is not None:
            lines = difference_lines(found, self.hub.masks.row)
            self._said.set_text("\n".join([*sentences(plan), *lines]))
        self._enable()

    def _on_apply(self) -> None:
        text = "It is stopped where it runs, and goes on with the new text when it is started."
        confirm("Apply", text, self.name, self._do_apply)

    async def _do_apply(self) -> None:
        plan, allowed = self.plan, bool(self._allow.value)
        if plan is None:
            return
        self._apply.disable()
        done = await act(
            self.on, "apply change", self.name,
            lambda: apply_change(self.hub.project, plan, allow_lost=allowed),
        )  # fmt: skip
        if done is not None:
            ui.notify(f"Switched; what stood there is kept as {done.savepoint}.", type="positive")
        await self.refresh()

    async def _on_take(self) -> None:
        root = self.hub.project.root
        await act(self.on, "take savepoint", self.name, lambda: take_savepoint(root, self.name))
        await self.refresh()

    def _on_delete(self) -> None:
        name = (self._chosen.value or "").strip()
        if not name:
            ui.notify("Name the savepoint first.", type="warning")
            return

        async def do() -> None:
            root, target = self.hub.project.root, f"{self.name}/{name}"
            await act(
                self.on, "delete savepoint", target,
                lambda: delete_savepoint(root, self.name, name),
            )  # fmt: skip
            await self.refresh()

        confirm("Delete", "It cannot be gone back to any more.", name, do)


def _savepoint(one: Kept) -> dict[str, Any]:
    saved = one.savepoint
    return {
        "name": one.name,
        "epoch": count(saved.epoch), "epoch_n": saved.epoch,
        "taken": moment(saved.taken_at_ms),
        "bytes": size(saved.bytes), "bytes_n": saved.bytes,
    }  # fmt: skip


def _fate(place: int, one: Fate) -> dict[str, Any]:
    title = one.title if one.id == one.title else f"{one.title} ({one.id})"
    return {"id": place, "kind": one.kind, "title": title, "fate": one.fate, "why": one.why}


def _read(one: dict[str, Any]) -> dict[str, Any]:
    records = one["records"]
    end = (
        one["to"]["offset"] if isinstance(one["to"], dict) and "offset" in one["to"] else one["to"]
    )
    return {
        "id": f"{one['table']} {one['partition']}",
        "table": one["table"], "partition": one["partition"],
        "start": "the begin" if one["from"] is None else str(one["from"]), "end": str(end),
        "records": "" if records is None else count(records), "records_n": records,
    }  # fmt: skip
