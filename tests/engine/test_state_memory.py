"""State beyond its budget lies in files, and answers as if it were in memory."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tidemill.engine.kernel import Kernel
from tidemill.engine.settings import state_memory_bytes
from tidemill.engine.state import memory as state_memory
from tidemill.engine.state.hash_index import EMPTY
from tidemill.engine.state.keyed import KeyedState
from tidemill.engine.state.memory import StateMemory
from tidemill.errors import EngineError

SCHEMA = pa.schema([("k", pa.int64()), ("v", pa.string())])


def _put(state: KeyedState, keys: np.ndarray, text: str) -> None:
    rows = pa.table({"k": keys, "v": [f"{text} {key}" for key in keys]}, schema=SCHEMA)
    hashes = state.hashes(rows)
    ids = state.find(rows, hashes)
    new = ids == EMPTY
    ids[new] = state.add(hashes[new])
    state.put(ids, rows)
    state.settle()


def _get(state: KeyedState, keys: np.ndarray) -> list[str | None]:
    ids = state.find(pa.table({"k": keys}))
    rows, owners = state.take(ids[ids != EMPTY])
    found: list[str | None] = [None] * len(keys)
    for owner, text in zip(owners, rows.column("v").to_pylist(), strict=True):
        found[int(np.flatnonzero(ids != EMPTY)[owner])] = text
    return found


def test_rows_beyond_the_budget_go_to_files_and_are_found_there(tmp_path: Path) -> None:
    memory = StateMemory(1 << 20, tmp_path / "spill")
    state = KeyedState(Kernel(memory=memory), "x", SCHEMA, ["k"])
    generator = np.random.default_rng(1)
    expected: dict[int, str] = {}
    for batch in range(30):
        keys = generator.choice(200_000, 5_000, replace=False)
        _put(state, keys, f"row of batch {batch}")
        expected |= {int(key): f"row of batch {batch} {key}" for key in keys}
    assert memory.spilled_bytes > 2 << 20
    assert memory.resident_bytes <= 1 << 20
    assert state.state_bytes() > 4 << 20
    assert list((tmp_path / "spill").iterdir()) == [], "a file ends with the process"
    asked = generator.choice(200_000, 2_000, replace=False)
    assert _get(state, asked) == [expected.get(int(key)) for key in asked]


@pytest.mark.parametrize("seed", range(3))
def test_a_state_in_files_restores_as_one_in_memory(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_memory, "SPILL_BYTES_MIN", 1)
    generator = random.Random(seed)
    states = [
        KeyedState(Kernel(memory=StateMemory(budget, tmp_path)), "x", SCHEMA, ["k"])
        for budget in (0, 1 << 30)
    ]
    deltas: list[list] = [[], []]
    for batch in range(8):
        keys = np.array(generator.sample(range(50), generator.randint(1, 20)))
        for state, kept in zip(states, deltas, strict=True):
            _put(state, keys, str(batch))
            gone = state.find(pa.table({"k": keys[:2]}))
            state.remove(gone)
            delta = state.delta()
            assert delta is not None
            kept.append(delta)
    everything = np.arange(50)
    assert _get(states[0], everything) == _get(states[1], everything)
    again = KeyedState(Kernel(memory=StateMemory(0, tmp_path)), "y", SCHEMA, ["k"])
    again.restore(deltas[0])
    assert _get(again, everything) == _get(states[1], everything)


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    memory = StateMemory(0, blocked)
    with pytest.raises(EngineError) as failed:
        memory.to_file(SCHEMA.empty_table())
    assert failed.value.code == "engine.spill-failed"
    assert "tidemill.state.memory" in str(failed.value.hint)


def test_the_budget_is_a_setting_of_the_pipeline() -> None:
    assert state_memory_bytes({"tidemill.state.memory": "512 mb"}) == 512 << 20
    assert state_memory_bytes({}) is None
    assert StateMemory().budget_bytes >= 256 << 20
