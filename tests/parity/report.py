"""The parity table of the docs, made from what a run of `make parity` found.

With `UPDATE_PARITY_PAGE=1` the run writes `docs/reference/parity.md`: cases and queries of each
topic with the ways they were run and what came of it, Nexmark, and the generated queries with what
they covered. Nothing in it is written by hand.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/parity.md"

_HEAD = """# Parity with Flink

Made by `make parity` from what it found, beside a real Flink {version}. A case is one file with its
rows; each is run straight, in batches of 1, 7 and 10,000 rows, killed and resumed at random points
three times, and on Flink; all must give the rows of one golden file, which only Flink writes.

| topic | cases | queries | runs | agreed | differing |
|---|---|---|---|---|---|
"""


@dataclass(slots=True)
class Found:
    """What a run found; `generated` is the outcome of the generated queries, as plain data."""

    runs: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    cases: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    queries: dict[str, int] = field(default_factory=dict)
    generated: dict[str, Any] | None = None
    version: str = ""

    def add(self, topic: str, case: str, passed: bool) -> None:
        """One run of one case."""
        self.runs[topic]["agreed" if passed else "differing"] += 1
        self.cases[topic].add(case)

    def page(self) -> str:
        """The page's text."""
        lines = []
        for topic in sorted(self.runs):
            runs = self.runs[topic]
            queries = sum(self.queries.get(case, 1) for case in self.cases[topic])
            lines.append(
                f"| {topic} | {len(self.cases[topic])} | {queries} | {runs.total()} "
                f"| {runs['agreed']} | {runs['differing']} |"
            )
        return _HEAD.format(version=self.version) + "\n".join(lines) + "\n" + self._generated()

    def _generated(self) -> str:
        made = self.generated
        if made is None:
            return ""
        refused = sum(made["refused"].values())
        differing, broken = len(made["differing"]), len(made["broken_on_flink"])
        text = f"""
## Generated queries

{made["queries"]:,} queries from seed {made["seed"]}, over random rows:
{made["agreed_with_rows"]:,} agreed with rows, {made["agreed"] - made["agreed_with_rows"]:,} agreed
on no rows, {refused:,} were refused here, {broken:,} by Flink, **{differing:,} differed**.

What the queries that agreed with rows hold, and in how many of them:

| operator, function or type | queries |
|---|---|
"""
        rows = (f"| `{name.replace('|', chr(92) + '|')}` | {n:,} |"
                for name, n in made["covered"].items())  # fmt: skip
        return text + "\n".join(rows) + "\n"


FOUND = Found()
"""What this run found so far."""


def queries_of(golden: Path) -> int:
    """How many queries a case's golden file holds."""
    return len(json.loads(golden.read_text(encoding="utf-8"))) if golden.exists() else 1
