"""Every refusal as the user sees it: `errors/<case>.sql` begins with the message it must give.

`UPDATE_GOLDENS=1 pytest tests/sql/test_errors.py` writes the messages anew; read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tidemill.errors import CATALOGUE, SqlError

CASES = sorted((Path(__file__).parent / "errors").glob("*.sql"))
PREFIX = "-- | "


def _split(text: str) -> tuple[list[str], str]:
    lines = text.splitlines(keepends=True)
    count = next((i for i, line in enumerate(lines) if not line.startswith("-- |")), len(lines))
    expected = [line.rstrip("\n")[len(PREFIX) :] for line in lines[:count]]
    return expected, "".join(lines[count:])


def _message(compiled, name: str, text: str) -> str:
    with pytest.raises(SqlError) as caught:
        compiled(text, name)
    return caught.value.render()


def _update(compiled, path: Path, body: str) -> None:
    lines = _message(compiled, path.name, body).splitlines()
    for _ in range(2):
        text = "".join(f"{PREFIX}{line}".rstrip() + "\n" for line in lines) + body
        lines = _message(compiled, path.name, text).splitlines()
    path.write_text("".join(f"{PREFIX}{line}".rstrip() + "\n" for line in lines) + body)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_refusals_say_what_where_and_how_to_mend(compiled, path: Path) -> None:
    text = path.read_text()
    if os.environ.get("UPDATE_GOLDENS"):
        _update(compiled, path, _split(text)[1])
        text = path.read_text()
    expected, _ = _split(text)
    message = _message(compiled, path.name, text)
    assert [line.rstrip() for line in message.splitlines()] == [e.rstrip() for e in expected]


def test_there_are_many_cases_and_they_cover_most_codes() -> None:
    assert len(CASES) >= 40
    seen = {path.read_text().split("error[", 1)[1].split("]", 1)[0] for path in CASES}
    missing = {code for code in CATALOGUE if code.startswith("sql.")} - seen
    assert not missing, f"no case for {sorted(missing)}"
