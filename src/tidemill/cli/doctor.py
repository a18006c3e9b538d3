"""`tidemill doctor`."""

from __future__ import annotations

import sys
from dataclasses import asdict

from tidemill.cli.output import data, data_json, styled
from tidemill.cli.verb import COMMON, Common, verb

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED", "red")}


def doctor(*, common: Common = COMMON) -> int:
    """Look for what could stop Tidemill here.

    Looks at the platform, disk, memory, Java, the servers' files, the libraries, the project file
    and the state folder, and says what to do about what is wrong. The exit code is 1 where
    something would fail.

    Args:
        common: the options of every verb.
    """
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


APP = verb("doctor", doctor, "tidemill doctor")
