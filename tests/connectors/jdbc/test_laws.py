"""Any changelog, split into any batches and epochs, leaves the table as its changes in order do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidemill.model import types as t

pytestmark = pytest.mark.servers

_numbers = itertools.count()
_changes = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from([None, "", "a", "b", "bad"]), st.sampled_from("+-=d")
    ),
    max_size=30,
)  # fmt: skip


def _apply(rows: dict[int, str | None], changes: list[tuple[int, str | None, str]]) -> None:
    """One epoch's changes; a -U is a deletion, unless its key has a +U later in the epoch."""
    for index, (key, value, kind) in enumerate(changes):
        updated = any(k == key and later == "=" for k, _, later in changes[index + 1 :])
        if kind == "d" or (kind == "-" and not updated):
            rows.pop(key, None)
        elif kind in "+=" and value != "bad":
            rows[key] = value


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=_changes, cuts=st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=6))
def test_any_split_into_batches_and_epochs(database, unique_name, changes, cuts):
    name = f"{unique_name('law')}_{next(_numbers)}"
    database.run(f"CREATE TABLE {name} (id int PRIMARY KEY, v text CHECK (v <> 'bad'))")
    table = database.table(name, {"id": t.INT, "v": t.STRING}, key=("id",))
    expected: dict[int, str | None] = {}
    group = database.group(table, job=name)
    group.open()
    epoch, letters = 1, []
    ends = dict(sorted(cuts)) | {len(changes): True}
    start = begun = 0
    for end, ends_epoch in sorted(ends.items()):
        part = changes[start:end]
        letters += group.writer(name).write(
            database.batch(table, [c[:2] for c in part], "".join(c[2] for c in part))
        )
        start = max(start, end)
        if ends_epoch:
            letters += group.prepare(epoch)
            group.commit(epoch, {})
            epoch += 1
            _apply(expected, changes[begun:start])
            begun = start
    group.close()
    assert dict(database.rows(name)) == expected
    bad = [c for c in changes if c[1] == "bad" and c[2] in "+="]
    assert len(letters) <= len(bad)
    database.run(f"DROP TABLE {name}")
