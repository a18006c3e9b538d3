"""Run a Flink program in Python: a file with PyFlink's DataStream or Table API, as courses have it.

Guarantees: the environment and the jars are there, by locks; Ctrl-C cancels the jobs that the
program started; an exception of the program, or of its functions on the cluster, names the
program's own file and line. Non-guarantee: what a program's functions print is on the cluster.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.control.environments import ensure_environment
from tidemill.control.flink_endpoints import (
    flink_cluster,
    flink_properties,
    is_external,
    is_on_this_machine,
    workers_python,
)
from tidemill.control.pipeline import shown_path
from tidemill.control.project_context import project_for, resolver, running_endpoints
from tidemill.control.stopping import stop_on_signals
from tidemill.control.up import Progress, download_events
from tidemill.errors import ComponentError, UserError, Where
from tidemill.project import Project, Secret, ensure_state_dir
from tidemill.records import dataclass
from tidemill.runners.flink import Cluster, Job
from tidemill.runners.flink.programs import (
    LAUNCHER,
    LaunchSpec,
    ProgramReport,
    job_error,
    program_error,
    submitted_jobs,
)
from tidemill.services.flink_client import client_command, client_jars, provided_jars
from tidemill.services.install import install
from tidemill.services.registry import SERVICES
from tidemill.services.spawn import tie_to_parent

POLL_S = 0.2
_LOOK_EVERY_S = 1.0
_END_WITHIN_S = 5.0
_RESTARTS = {
    # Without it a function that always raises is tried again for ever, and nobody is told.
    "restart-strategy.type": "failure-rate",
    "restart-strategy.failure-rate.max-failures-per-interval": "2",
    "restart-strategy.failure-rate.failure-rate-interval": "5 min",
    "restart-strategy.failure-rate.delay": "1 s",
}


@dataclass(frozen=True, slots=True)
class ProgramRequest:
    """What to run.

    `local` runs in a cluster inside the client, which ends with the program; `detach` leaves the
    jobs alone once the program has ended; `restore_from` is a savepoint; `python` is an interpreter
    that has PyFlink, in the place of the environment made on demand; `output` takes what the
    program prints (None: this process' own output).
    """

    program: Path
    arguments: Sequence[str] = ()
    local: bool = False
    detach: bool = False
    restore_from: str | None = None
    python: Path | None = None
    output: int | None = None


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """How a program ended; `exit_code` is its own."""

    program: str
    target: str
    exit_code: int
    jobs: tuple[Job, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return {
            "program": self.program,
            "target": self.target,
            "exit_code": self.exit_code,
            "jobs": [asdict(job) for job in self.jobs],
            "notes": list(self.notes),
        }


def run_program(
    request: ProgramRequest,
    folder: Path | None = None,
    *,
    progress: Progress | None = None,
    watch: Callable[[Job], None] | None = None,
) -> ProgramResult:
    """Run a program, and follow its jobs to their end; raises TidemillError, KeyboardInterrupt.

    Args:
        request: what to run.
        folder: the project's folder; by default that of the program.
        progress: told what happens while the environment is made.
        watch: told about each job again and again.
    """
    program = _readable(request.program)
    project = project_for(str(program), folder)
    cluster = None if request.local else flink_cluster(project)
    if cluster is not None:
        cluster.slots()  # A cluster that is gone must show before anything is started.
    report = progress or (lambda _: None)
    install(SERVICES["flink-gateway"].installs, download_events(report))
    python = request.python or ensure_environment("flink", report)
    run = _Run(project, request, program, cluster, python)
    try:
        with stop_on_signals() as stopping:
            result = run.follow(stopping, watch or (lambda _: None))
    except BaseException:
        run.kill()
        raise
    run.forget()
    return result


class _Run:
    """One run: its folder, its process and its jobs."""

    def __init__(
        self,
        project: Project,
        request: ProgramRequest,
        program: Path,
        cluster: Cluster | None,
        python: Path,
    ) -> None:
        self._request, self._program, self._cluster = request, program, cluster
        self._shown = shown_path(program)
        programs = ensure_state_dir(project.state_dir) / "flink-programs"
        self._folder = programs / f"{program.stem}-{secrets.token_hex(4)}"
        command = client_command(
            self._folder, self._settings(project), "local" if request.local else "remote"
        )
        spec = LaunchSpec(
            str(program),
            [_resolved(project, argument) for argument in request.arguments],
            list(command.argv),
            str(self._folder / "client.log"),
            provided_jars(),
            [jar.as_uri() for jar in client_jars()] if is_external(project) else [],
            str(self._folder / "report.json"),
            wait=request.local,
        )
        spec.write(self._folder / "launch.json")
        environment = _environment(project, python, command.env)
        self._process = subprocess.Popen(
            [str(python), "-u", str(LAUNCHER), str(self._folder / "launch.json")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=request.output,
            # Ctrl-C is ours to answer: the jobs are cancelled first.
            start_new_session=True,
            preexec_fn=tie_to_parent(signal.SIGTERM),  # noqa: PLW1509 - two plain system calls
        )

    def _settings(self, project: Project) -> dict[str, str]:
        values = {
            **({"restart-strategy.type": "none"} if self._cluster is None else _RESTARTS),
            "python.files": ",".join(map(str, _neighbours(self._program))),
        }
        if self._request.restore_from is not None:
            values["execution.state-recovery.path"] = self._request.restore_from
        if self._request.python is not None:
            values["python.client.executable"] = str(self._request.python)
            values["python.executable"] = str(self._request.python)
        if self._cluster is not None:
            address = urllib.parse.urlsplit(self._cluster.rest.url)
            port = address.port or (443 if address.scheme == "https" else 80)
            values |= {"rest.address": address.hostname or "", "rest.port": str(port)}
            given = workers_python(project)
            if given or not is_on_this_machine(self._cluster):
                values["python.executable"] = given or "python3"
        return {**values, **flink_properties(project)}

    def follow(self, stopping: threading.Event, watch: Callable[[Job], None]) -> ProgramResult:
        """Wait for the program, then for its jobs."""
        due = 0.0
        jobs: tuple[Job, ...] = ()
        while True:
            code = self._process.poll()
            ended = code is not None
            if stopping.is_set():
                self._cancel()
                raise KeyboardInterrupt
            if ended or time.monotonic() >= due:
                jobs = self._jobs()
                for job in jobs:
                    watch(job)
                due = time.monotonic() + _LOOK_EVERY_S
            if code is not None:
                self._raise_failure(jobs)
                if code or self._request.detach or all(job.ended for job in jobs):
                    target = "local" if self._cluster is None else self._cluster.rest.url
                    return ProgramResult(self._shown, target, code, jobs, self._notes(jobs))
            stopping.wait(POLL_S)

    def _jobs(self) -> tuple[Job, ...]:
        """The jobs that this run started."""
        if self._cluster is None:
            return ()
        return tuple(map(self._cluster.job, submitted_jobs(self._folder / "client.log")))

    def _raise_failure(self, jobs: Sequence[Job]) -> None:
        """The program's own exception, else that of a job."""
        report = self._folder / "report.json"
        if report.exists():
            data: Mapping[str, Any] = json.loads(report.read_text(encoding="utf-8"))
            raise program_error(ProgramReport.of(data), self._program, self._shown)
        code = self._process.returncode
        if code < 0:
            raise ComponentError(
                f"the program was killed by signal {-code}",
                code="runner.program-killed",
                where=Where(file=self._shown),
                hint=f"Java's log is {self._folder / 'client.log'}.",
            )
        for job in jobs:
            if job.state == "FAILED" and self._cluster is not None:
                trace = self._cluster.trace(job.id) or ""
                raise job_error(trace, self._program, self._shown)

    def _notes(self, jobs: Sequence[Job]) -> tuple[str, ...]:
        running = [job for job in jobs if not job.ended]
        notes = [f"the job {job.id} goes on: tidemill flink status {job.id}" for job in running]
        if self._cluster is not None and any(job.prints for job in jobs):
            notes.append("what print() wrote is in the log of the TaskManager: "
                         "tidemill logs flink-taskmanager")  # fmt: skip
        return tuple(notes)

    def _cancel(self) -> None:
        """Cancel what runs on the cluster, and end the program."""
        try:
            for job in self._jobs():
                if not job.ended and self._cluster is not None:
                    self._cluster.cancel(job.id)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the program and its Java side, whatever they do."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(_END_WITHIN_S)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def forget(self) -> None:
        """Remove the folder of a run that ended well."""
        if self._process.returncode == 0:
            shutil.rmtree(self._folder, ignore_errors=True)


def _readable(program: Path) -> Path:
    path = program.expanduser().absolute()
    if not path.is_file():
        raise UserError(
            f"there is no program {program}",
            code="cli.unreadable",
            where=Where(file=str(program)),
            hint="Give the path of a Python file that uses PyFlink.",
        )
    return path


def _resolved(project: Project, argument: str) -> str:
    """An argument with its `${server:...}` and other references resolved."""
    if "${" not in argument:
        return argument
    text = resolver(project).text(argument, "the command line")
    return text.reveal() if isinstance(text, Secret) else text


def _neighbours(program: Path) -> list[Path]:
    """What the program may import from beside it: modules and packages, for the workers too."""
    found = [f for f in sorted(program.parent.glob("*.py")) if f != program]
    found += [f.parent for f in sorted(program.parent.glob("*/__init__.py"))]
    return [path for path in found if "," not in str(path) and not path.name.startswith(".")]


def _environment(project: Project, python: Path, java: Mapping[str, str]) -> dict[str, str]:
    """The user's own environment, with PyFlink's interpreter first and Kafka's address."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    flink = {key: value for key, value in java.items() if key.startswith("FLINK_")}
    kept |= {**flink, "FLINK_HOME": str(Path(flink["FLINK_LIB_DIR"]).parent)}
    kept["PATH"] = f"{python.parent}:{kept.get('PATH', '/usr/bin:/bin')}"
    kafka = running_endpoints(project).get("kafka")
    given = project.settings.connections.get("kafka", {}).get("bootstrap.servers")
    bootstrap = str(given) if given else kafka and kafka.properties["bootstrap.servers"]
    if bootstrap:
        kept.setdefault("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    return kept
