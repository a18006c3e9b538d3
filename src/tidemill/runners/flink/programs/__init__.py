"""Flink programs in Python: how they are launched, and why they failed.

`launch` runs in the environment of PyFlink, never in Tidemill's own; `failures` reads what it, or
Flink's workers, say about an error.
"""

from tidemill.runners.flink.programs.failures import ProgramReport, job_error, program_error
from tidemill.runners.flink.programs.spec import LAUNCHER, LaunchSpec, submitted_jobs

__all__ = [
    "LAUNCHER",
    "LaunchSpec",
    "ProgramReport",
    "job_error",
    "program_error",
    "submitted_jobs",
]
