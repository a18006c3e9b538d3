"""`tidemill doctor`."""

from __future__ import annotations

import sys
from dataclasses import asdict

from tidemill.cli.output import data, data_json, styled
from tidemill.cli.verb import COMMON, Common, verb

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED", "red")}


def doctor(pipeline: str | None = None, /, *, common: Common = COMMON) -> int:
    """Look for what stops Tidemill here, or a window.

    With a pipeline: says why a window has not closed (which partition holds event time back, since
    when it is silent, what row it needs), and what watermark delay would have saved which share of
    the late rows. Works while the pipeline runs, from another terminal, and after it has stopped.

    Without: looks at the platform, disk, memory, Java, the servers' files, the libraries, the
    project file and the state folder, and says what to do about what is wrong. The exit code is 1
    where something would fail.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        common: the options of every verb.
    """
    if pipeline is not None:
        return _pipeline(pipeline, common)
    from tidemill.control.doctor import doctor as examine  # noqa: PLC0415 - loaded when called

    checks = examine(common.project)
    if common.json:
        ok = not any(check.outcome == "failed" for check in checks)
        data_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            mark, style = _MARKS[check.outcome]
            padded = styled(f"{mark:<8}", style, sys.stdout)
            data(f"{padded}{check.name}: {check.message}")
            if check.hint and check.outcome != "ok":
                data(f"        {check.hint}")
    return 1 if any(check.outcome == "failed" for check in checks) else 0


def _pipeline(pipeline: str, common: Common) -> int:
    from tidemill.control.pipeline_doctor import pipeline_doctor  # noqa: PLC0415 - when called

    report = pipeline_doctor(pipeline, common.project)
    if common.json:
        data_json(report.as_dict())
    else:
        for sentence in report.sentences():
            data(sentence)
    return 0


APP = verb("doctor", doctor, "tidemill doctor\ntidemill doctor zone_minute")
