"""Use case: a Python environment is there, made on demand, with progress as events of the stack."""

from __future__ import annotations

from pathlib import Path

from tidemill.control.up import Progress, StackEvent
from tidemill.services.environments import EnvironmentProgress, make_environment


def ensure_environment(name: str, progress: Progress | None = None) -> Path:
    """The interpreter of an environment, made where it is missing; raises ServiceError.

    The first time takes the network, half a minute and under a gigabyte of the cache folder.
    """
    report = progress or (lambda _: None)

    def tell(at: EnvironmentProgress) -> None:
        report(
            StackEvent(
                "making",
                message=_sentence(at),
                files_done=at.packages_done,
                files_total=at.packages_total,
                bytes_done=at.bytes_done,
                bytes_total=at.bytes_total,
            )
        )

    return make_environment(name, tell)


def _sentence(at: EnvironmentProgress) -> str:
    what = f"the Python environment {at.name}"
    if at.step == "waiting":
        return f"waiting for another process that makes {what}"
    if at.step == "fetching":
        return f"{what}: {at.packages_done} of {at.packages_total} packages fetched"
    return f"{what}: {at.step} {at.packages_total} packages"
