"""The files under `deploy/` are what the code makes, and speak of metrics that there are."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tidemill.control.metrics import metric_names
from tidemill.observe.alerts import Pace, alert_rules, rules_text
from tidemill.observe.ecs import EcsLines

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "deploy" / "grafana" / "boards").glob("*.json"))
_NAME = re.compile(r"\btidemill_[a-z_]+")
_SUFFIX = re.compile(r"_(bucket|sum|count)$")


def known(name: str) -> bool:
    names = metric_names()
    return name in names or _SUFFIX.sub("", name) in names


def tool(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"{name} is missing: run tools/prometheus.sh as root"
    return found


def test_nothing_is_stale() -> None:
    done = subprocess.run(
        [sys.executable, "tools/deploy.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}run: python tools/deploy.py"


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_board_speaks_of_metrics_that_there_are(path: Path) -> None:
    board = json.loads(path.read_text())
    assert board["uid"] == f"tidemill-{path.stem}" and len(board["panels"]) >= 9
    queries = [one["expr"] for panel in board["panels"] for one in panel["targets"]]
    used = {name for expr in queries for name in _NAME.findall(expr)}
    assert used and [name for name in used if not known(name)] == []
    rows = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(set(rows)) == len(rows), "panels lie over each other"


def test_rules_speak_of_metrics_that_there_are_and_promtool_takes_them(tmp_path: Path) -> None:
    for rule in alert_rules():
        used = _NAME.findall(rule.expr)
        assert [name for name in used if not known(name)] == [], rule.alert
    for pace in (Pace(), Pace.of(1, 2)):
        (tmp_path / "rules.yml").write_text(rules_text(pace))
        subprocess.run([tool("promtool"), "check", "rules", "rules.yml"], cwd=tmp_path, check=True)
    folder = ROOT / "deploy" / "prometheus"
    (tmp_path / "token").write_text("x")
    for name in ("prometheus.yml", "tidemill.rules.yml"):
        text = (folder / name).read_text().replace("/etc/prometheus/tidemill-viewer.token", "token")
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [tool("promtool"), "check", "config", "prometheus.yml"], cwd=tmp_path,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_logstash_reads_fields_that_lines_have() -> None:
    """Logstash itself is in no registry: the file's blocks are closed, and its fields exist."""
    text = (ROOT / "deploy" / "logstash" / "tidemill.conf").read_text()
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    bare = re.sub(r'"[^"]*"', "", plain)
    for opened, closed in ("{}", "[]"):
        assert bare.count(opened) == bare.count(closed) > 0
    assert re.findall(r"^(\w+) \{", plain, re.MULTILINE) == ["input", "filter", "output"]
    record = logging.LogRecord("tidemill.x", logging.INFO, __file__, 1, "hello", (), None)
    line = json.loads(EcsLines("pipeline-a", str).format(record))
    (named,) = re.findall(r"source => \[(.*?)\]", plain)
    assert [name for name in re.findall(r'"([^"]+)"', named) if name not in line] == []
