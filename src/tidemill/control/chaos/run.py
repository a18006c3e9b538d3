"""The use case: servers, trials on them, the shortest schedule that fails, and the result."""

from __future__ import annotations

import shlex
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tidemill.control.chaos.fault import CDC, PROJECT, WINDOWS, Fault
from tidemill.control.chaos.faults import FAULTS
from tidemill.control.chaos.minimise import minimise
from tidemill.control.chaos.model import (
    RECOVER_WITHIN_S,
    Action,
    ChaosEvent,
    ChaosRequest,
    ChaosResult,
    Done,
    Report,
    percentile,
    totals,
)
from tidemill.control.chaos.project_pipeline.workspace import check_pipeline
from tidemill.control.chaos.scene import Scene
from tidemill.control.chaos.schedule import draw, line
from tidemill.control.chaos.servers import CDC_NAMES, NAMES, ChaosServers
from tidemill.control.chaos.stage import make_scene
from tidemill.control.chaos.store import keep, results_folder
from tidemill.control.chaos.trial import Trial
from tidemill.control.project_context import open_project, project_for
from tidemill.control.stopping import stop_on_signals
from tidemill.errors import UsageError, did_you_mean
from tidemill.project import Project, ensure_state_dir

_MINIMISE_TRIES = 24
RATE_MAX = 20_000


def run_chaos(request: ChaosRequest, report: Report) -> ChaosResult:
    """Run; Ctrl-C ends it after the action in hand, with the last checks.

    A second one ends it at once: the result is `interrupted`, with what was seen until then.

    Args:
        request: what to do; raises UsageError where that cannot be.
        report: told what happens; from this thread or, while servers start, from others.
    """
    wanted = _checked(request)
    if request.pipeline is None:
        project = open_project(request.project, needed=False)
    else:
        project = project_for(request.pipeline, request.project)
        check_pipeline(project, request.pipeline)
    ensure_state_dir(project.state_dir)
    begun_at_ms = round(time.time() * 1000)
    name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(begun_at_ms / 1000))
    folder = results_folder(project) / f"{name}-{request.seed}"
    folder.mkdir(parents=True)
    servers = ChaosServers(folder / ".tidemill", report, names=server_names(request))
    campaign = Campaign(request, project, folder, servers, report)
    try:
        result = campaign.run(wanted, folder.name, begun_at_ms)
    finally:
        campaign.servers.close()
        if not request.keep:
            for part in folder.glob("*/.tidemill"):
                shutil.rmtree(part, ignore_errors=True)
            shutil.rmtree(folder / ".tidemill", ignore_errors=True)
    keep(project, result)
    if result.holds and not request.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return result


class Campaign:
    """One run: the first trial, and those that make a failing schedule shorter."""

    def __init__(
        self,
        request: ChaosRequest,
        project: Project,
        folder: Path,
        servers: ChaosServers,
        report: Report,
    ) -> None:
        self._request, self._project, self._folder = request, project, folder
        self.servers, self._report = servers, report
        self._begun_at = time.monotonic()
        self._made = False

    def run(self, wanted: Mapping[str, Fault], name: str, begun_at_ms: int) -> ChaosResult:
        """The whole campaign."""
        scene = self._scene()
        allowed, left_out = _allowed(wanted, scene, self._request)
        schedule: Iterable[Action] = self._request.schedule
        if not schedule:
            schedule = draw(self._request.seed, allowed, double=self._request.double)
        trial = Trial(scene, self._told, self._request.recover_within_s)
        self._trial = trial
        interrupted = False
        try:
            with stop_on_signals() as self._stopping:
                trial.run(schedule, self._enough)
        except KeyboardInterrupt:
            interrupted = True
        except BaseException:
            _end(scene)
            raise
        facts = scene.check.facts
        rows, ends, starts = scene.feed.rows, Counter(scene.ends), scene.engine.starts
        _end(scene)
        for broken in trial.broken:
            self._say(f"BROKEN {broken.invariant}: {broken.found}")
        shortest: list[str] = []
        if trial.broken and trial.actions and self._request.minimise and not interrupted:
            shortest = [line(action) for action in self._shortest(trial.actions)]
        took = [done.recovery_s for done in trial.done if done.recovery_s is not None]
        return ChaosResult(
            id=name,
            pipeline=self._request.pipeline or f"({self._request.built_in}, built in)",
            seed=self._request.seed,
            command=command(self._request),
            begun_at_ms=begun_at_ms,
            seconds=round(time.monotonic() - self._begun_at, 1),
            interrupted=interrupted,
            rows=rows - facts["empty"],
            rows_out=facts["rows_out"],
            windows=facts["windows"],
            dead_letters=facts["dead_letters"],
            kills=sum(done.kills for done in trial.done),
            engine_starts=starts,
            engine_ends=dict(ends),
            recovery_p50_s=percentile(took, 0.5),
            recovery_p99_s=percentile(took, 0.99),
            totals=totals(trial.done),
            actions=tuple(trial.done),
            broken=tuple(trial.broken),
            left_out=left_out,
            shortest=tuple(shortest),
            folder=str(self._folder) if trial.broken or self._request.keep else None,
        )

    def _scene(self) -> Scene:
        if self._request.pipeline is not None and self._made:
            # Its topics and tables have names of their own: they must be new for each trial.
            self.servers.close()
            folder = self._folder / f"servers{self.servers.trials}" / ".tidemill"
            self.servers = ChaosServers(folder, self._report, self.servers.trials)
        self._made = True
        self.servers.trials += 1
        name = f"chaos{self.servers.trials}"
        return make_scene(self._request, self._project, self._folder / name, name, self.servers)

    def _enough(self) -> bool:
        kills = self._request.kills
        if self._stopping.is_set():
            return True
        if kills is not None and self._trial.scene.kills >= kills:
            return True
        return time.monotonic() - self._begun_at > self._request.minutes * 60

    def _told(self, done: Done) -> None:
        scene = self._trial.scene
        seconds = time.monotonic() - self._begun_at
        self._report(ChaosEvent(done.line, seconds, scene.feed.rows, scene.kills, done))

    def _say(self, text: str) -> None:
        self._report(ChaosEvent(text, time.monotonic() - self._begun_at))

    def _shortest(self, actions: list[Action]) -> list[Action]:
        """What still fails when nothing can be left out; all of them where that is cut short."""

        def fails(part: list[Action]) -> bool:
            self._say(f"trying {len(part)} of {len(actions)} actions")
            scene = self._scene()
            trial = Trial(scene, lambda _: None, self._request.recover_within_s)
            try:
                trial.run(part, lambda: False)
            finally:
                _end(scene)
            return bool(trial.broken)

        try:
            return minimise(actions, fails, _MINIMISE_TRIES)
        except KeyboardInterrupt:
            return actions


def _end(scene: Scene) -> None:
    scene.feed.close()
    scene.engine.stop()
    scene.check.close()
    if scene.capture is not None:
        scene.capture.close()


def server_names(request: ChaosRequest) -> tuple[str, ...]:
    """The servers that the pipeline needs."""
    return CDC_NAMES if request.kind == CDC else NAMES


def command(request: ChaosRequest) -> str:
    """The command that does the same again."""
    words = ["tidemill", "chaos", *([request.pipeline] if request.pipeline else [])]
    words += ["--seed", str(request.seed), "--minutes", f"{request.minutes:g}"]
    words += ["--rate", str(request.rate)]
    if request.pipeline is None and request.built_in != WINDOWS:
        words += ["--built-in", request.built_in]
    if request.recover_within_s != RECOVER_WITHIN_S:
        words += ["--recover-within-s", f"{request.recover_within_s:g}"]
    if request.kills is not None:
        words += ["--kills", str(request.kills)]
    if request.faults:
        words += ["--faults", ",".join(request.faults)]
    if request.double:
        words.append("--double")
    if request.schedule_file is not None:
        words += ["--schedule", str(request.schedule_file)]
    return shlex.join(words)


def _checked(request: ChaosRequest) -> dict[str, Fault]:
    if request.pipeline is not None and request.built_in != WINDOWS:
        raise UsageError(
            f"the pipeline {request.pipeline} and the built-in one `{request.built_in}` cannot be "
            "hurt in one run",
            code="cli.usage",
            hint="Leave out the one or the other.",
        )
    for name in request.faults:
        if name not in FAULTS:
            raise UsageError(
                f"there is no fault `{name}`",
                code="chaos.unknown-fault",
                hint=did_you_mean(name, FAULTS) or "See them: tidemill chaos --list",
            )
    for option, value, largest in (
        ("--minutes", request.minutes, 24 * 60),
        ("--rate", request.rate, RATE_MAX),
        ("--kills", request.kills, 1_000_000),
        ("--recover-within-s", request.recover_within_s, 3_600),
    ):
        if value is not None and not 0 < value <= largest:
            raise UsageError(
                f"{option} cannot be {value:g}",
                code="chaos.bad-number",
                hint=f"Give a number up to {largest}.",
            )
    return {name: FAULTS[name] for name in FAULTS if not request.faults or name in request.faults}


def _concerns(fault: Fault, kind: str) -> bool:
    """Whether somebody could expect it there: not where it is of another built-in pipeline."""
    return kind in fault.pipelines or (kind == PROJECT and WINDOWS in fault.pipelines)


def _allowed(
    wanted: Mapping[str, Fault], scene: Scene, request: ChaosRequest
) -> tuple[dict[str, Fault], dict[str, str]]:
    """The faults that can be had here, and why the others cannot."""
    left_out: dict[str, str] = {}
    for name, fault in wanted.items():
        reason = fault.missing(scene)
        if request.kind not in fault.pipelines:
            reason = "it needs the built-in pipeline " + " or ".join(
                one for one in fault.pipelines if one != PROJECT
            )
        if reason is not None:
            left_out[name] = reason
    allowed = {name: fault for name, fault in wanted.items() if name not in left_out}
    if not request.faults:
        left_out = {n: why for n, why in left_out.items() if _concerns(wanted[n], request.kind)}
    if not allowed:
        raise UsageError(
            "none of the faults can be had here",
            code="chaos.unknown-fault",
            hint="; ".join(f"{name}: {reason}" for name, reason in left_out.items()),
        )
    return allowed, left_out
