"""`tidemill completion`."""

from __future__ import annotations

from typing import Literal

from tidemill.cli.output import data
from tidemill.cli.verb import COMMON, Common, verb


def completion(shell: Literal["bash", "zsh", "fish"], /, *, common: Common = COMMON) -> None:
    """Print a shell's completion script.

    Save it where your shell looks for completions, or load it in the running shell.

    Args:
        shell: which shell.
        common: the options of every verb.
    """
    from tidemill.cli.app import build_app  # noqa: PLC0415 - the app itself loads this file

    data(build_app().generate_completion(prog_name="tidemill", shell=shell).rstrip("\n"))


APP = verb("completion", completion, 'eval "$(tidemill completion bash)"')
