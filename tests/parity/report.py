"""The parity page of the docs, made from results: `python -m report --help` in `tests/parity`.

A run of the tests in which TIDEMILL_PARITY_RESULTS names a file adds what came of each case, way by
way, to that file; so the corpus may be run topic by topic. A result counts only as long as the
case's text and its golden file are what they were. Nothing on the page is written by hand.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs/reference/parity.md"
WAYS = 8
"""Straight, batches of 1, 7 and 10,000 rows, killed and resumed three times, Flink."""
KINDS = {"operator": "operator", "form": "form of a query", "type": "type", "function": "function"}

_HEAD = """# Parity with Flink

Made from results (`make parity-page`), beside a real Flink {version}. A case is one file of
statements with its rows. Each is run on the embedded engine straight, in batches of 1, 7 and 10,000
rows, killed and resumed at random points three times, and on Flink; all must give the rows of one
golden file, which only Flink writes. A case that is refused counts as differing.

| topic | cases | queries | runs | agreed | differing |
|---|---|---|---|---|---|
"""


@dataclass(slots=True)
class Found:
    """What runs found: of each case its fingerprint and the ways with what came of them."""

    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: str = ""

    def add(self, case: str, way: str, passed: bool, fingerprint: str, queries: int = 1) -> None:
        """One run of one case (`topic/name`); of another text than before, it begins anew."""
        self._case(case, fingerprint, queries)["ways"][way] = passed

    def add_on_spark(
        self, case: str, query: str, passed: bool, fingerprint: str, queries: int = 1
    ) -> None:
        """One query of a case on Spark, which takes some of them."""
        self._case(case, fingerprint, queries).setdefault("on_spark", {})[query] = passed

    def _case(self, case: str, fingerprint: str, queries: int) -> dict[str, Any]:
        known = self.cases.get(case)
        if known is None or known["fingerprint"] != fingerprint:
            known = {"fingerprint": fingerprint, "queries": queries, "ways": {}}
            self.cases[case] = known
        return known

    def merged(self, file: Path) -> Found:
        """With what a file holds already; what is new counts."""
        known = read(file)
        for case, found in self.cases.items():
            for way, passed in found["ways"].items():
                known.add(case, way, passed, found["fingerprint"], found["queries"])
            for query, passed in found.get("on_spark", {}).items():
                known.add_on_spark(case, query, passed, found["fingerprint"], found["queries"])
        known.version = self.version or known.version
        return known

    def write(self, file: Path) -> None:
        """Keep it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        said = {"version": self.version, "cases": dict(sorted(self.cases.items()))}
        file.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


FOUND = Found()
"""What this run found so far."""


def read(file: Path) -> Found:
    """What earlier runs found."""
    if not file.exists():
        return Found()
    said = json.loads(file.read_text(encoding="utf-8"))
    return Found(said["cases"], said["version"])


def results_file() -> Path | None:
    """Where the runs of the tests are added up, if anywhere."""
    named = os.environ.get("TIDEMILL_PARITY_RESULTS")
    return Path(named) if named else None


def queries_of(golden: Path) -> int:
    """How many queries a case's golden file holds."""
    return len(json.loads(golden.read_text(encoding="utf-8"))) if golden.exists() else 1


def fingerprint(*files: Path) -> str:
    """What tells a case from what it was."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()[:16]


def page(found: Found, present: Mapping[str, str], generated: Mapping[str, Any] | None) -> str:
    """The page's text; `present` are the cases there are, with their fingerprints."""
    totals: dict[str, Counter[str]] = {}
    for case, mark in sorted(present.items()):
        topic, known = case.split("/")[0], found.cases.get(case, {})
        ways = known.get("ways", {}) if known.get("fingerprint") == mark else {}
        total = totals.setdefault(topic, Counter())
        total["cases"] += 1
        total["queries"] += known.get("queries", 1)
        total["agreed"] += sum(ways.values())
        total["differing"] += len(ways) - sum(ways.values())
        total["unseen"] += len(ways) < (WAYS if topic != "nexmark" else 3)
    lines = [
        f"| {topic} | {t['cases']} | {t['queries']} | {t['agreed'] + t['differing']} "
        f"| {t['agreed']} | {t['differing']} |"
        for topic, t in totals.items()
    ]
    unseen = sum(t["unseen"] for t in totals.values())
    text = _HEAD.format(version=found.version) + "\n".join(lines) + "\n"
    if unseen:
        text += f"\n{unseen} cases were not run in all these ways since they were last changed.\n"
    return text + _on_spark(found, present) + _generated(generated)


def _on_spark(found: Found, present: Mapping[str, str]) -> str:
    """Queries by topic; nothing where none was run on Spark."""
    totals: dict[str, Counter[str]] = {}
    for case, mark in sorted(present.items()):
        known = found.cases.get(case, {})
        runs = known.get("on_spark", {}) if known.get("fingerprint") == mark else {}
        if runs:
            total = totals.setdefault(case.split("/")[0], Counter())
            total["cases"] += 1
            total["agreed"] += sum(runs.values())
            total["differing"] += len(runs) - sum(runs.values())
    if not totals:
        return ""
    text = """
## On Spark

Queries of the same cases that Spark takes, run there; others are refused by name. Over functions,
columns that Spark refuses are left out. The rows are those of the golden files, and where rows are
late those of Flink in its batch mode.

| topic | cases | queries on Spark | agreed | differing |
|---|---|---|---|---|
"""
    return text + "".join(
        f"| {topic} | {t['cases']} | {t['agreed'] + t['differing']} | {t['agreed']} "
        f"| {t['differing']} |\n"
        for topic, t in totals.items()
    )


def _generated(made: Mapping[str, Any] | None) -> str:
    if made is None:
        return ""
    refused, differing = sum(made["refused"].values()), len(made["differing"])
    broken, empty = len(made["broken_on_flink"]), made["agreed"] - made["agreed_with_rows"]
    unsteady = len(made.get("unsteady_on_flink", ()))
    text = f"""
## Generated queries

{made["queries"]:,} queries of seeds {", ".join(map(str, made["seeds"]))}, over random rows.
{made["agreed_with_rows"]:,} gave the same rows on both engines and {empty:,} none; {refused:,} were
refused here by name and {broken:,} by Flink; **{differing:,} differed**. One in 40 was killed and
resumed at random points, and a fifth ran in batches of 3 or 7 rows. {unsteady:,} more count for
nothing: asked again, Flink itself gave other rows for them.

What the queries that agreed with rows hold, and in how many of them:
"""
    for kind, name in KINDS.items():
        rows = sorted((k.split(":", 1)[1], n) for k, n in made["covered"].items()
                      if k.startswith(f"{kind}:"))  # fmt: skip
        text += f"\n| {name} | queries |\n|---|---|\n"
        text += "".join(f"| `{k.replace('|', chr(92) + '|')}` | {n:,} |\n" for k, n in rows)
    return text


def present_cases() -> dict[str, str]:
    """All cases there are, Nexmark's queries among them, with their fingerprints."""
    import nexmark_case

    cases = {
        path.relative_to(HERE).with_suffix("").as_posix(): case_fingerprint(path)
        for path in HERE.glob("*/*.sql")
    }
    return cases | {f"nexmark/{name}": nexmark_fingerprint(name) for name in nexmark_case.QUERIES}


def case_fingerprint(path: Path) -> str:
    """Of a case in a file."""
    return fingerprint(path, path.with_suffix(".golden.json"))


def nexmark_fingerprint(name: str) -> str:
    """Of one of Nexmark's queries."""
    import nexmark_case

    digests = nexmark_case.golden()[name]
    return hashlib.sha256(f"{nexmark_case.query(name)}{digests}".encode()).hexdigest()[:16]


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m report", description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="results of the tests")
    parser.add_argument("--generated", type=Path, help="outcome of generator.campaign --output")
    arguments = parser.parse_args()
    generated = json.loads(arguments.generated.read_text()) if arguments.generated else None
    PAGE.write_text(page(read(arguments.results), present_cases(), generated), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
