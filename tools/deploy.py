"""Writes what is made from code under `deploy/`: Prometheus's rules and scrape, Grafana's boards.

Usage: `python tools/deploy.py` writes the files; `--check` only says which are stale (exit code 1).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from boards import connect, kafka, pipelines, postgres
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tidemill.observe.alerts import Scrape, rules_text, scrape_text

DEPLOY = Path(__file__).parents[1] / "deploy"
BOARDS = {"pipelines": pipelines, "kafka": kafka, "connect": connect, "postgres": postgres}
_MADE = "# Made by tools/deploy.py.\n"


def files() -> Iterator[tuple[Path, str]]:
    """Each file with what it must hold."""
    scrape = Scrape(
        credentials_file="/etc/prometheus/tidemill-viewer.token", targets=("localhost:8642",)
    )
    yield DEPLOY / "prometheus" / "prometheus.yml", _MADE + scrape_text(scrape)
    yield DEPLOY / "prometheus" / "tidemill.rules.yml", _MADE + rules_text()
    encoder = JSONEncoder(sort_keys=True, indent=2)
    for name, board in BOARDS.items():
        yield (
            DEPLOY / "grafana" / "boards" / f"{name}.json",
            encoder.encode(board.make().build()) + "\n",
        )


def main() -> int:
    """Write or check."""
    check = "--check" in sys.argv[1:]
    stale = []
    for path, text in files():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(DEPLOY.parent))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'stale' if check else 'wrote'}: {path}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
