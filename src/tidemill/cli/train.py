"""`tidemill train`."""

from __future__ import annotations

from pathlib import Path

from tidemill.cli.output import data, data_json, say
from tidemill.cli.servers_view import StackTalk
from tidemill.cli.verb import COMMON, Common, verb


def train(program: Path = Path("training/train.py"), /, *, common: Common = COMMON) -> None:
    """Run a training program.

    Runs a Python file of the project in the environment `learning` (scikit-learn, skl2onnx, pandas,
    psycopg), which is made the first time, in the project's folder. libpq's environment variables
    name the project's Postgres, so that `psycopg.connect()` finds it. The program's last line is
    its result, one JSON object; what else it prints goes to stderr. The exit code is 1 where it
    fails.

    Args:
        program: the file, from the project's folder.
        common: the options of every verb.
    """
    from tidemill.control.train import train as run  # noqa: PLC0415 - loaded when called

    with StackTalk() as talk:
        result = run(program, common.project, say=say, progress=talk.tell)
    if common.json:
        data_json(result)
        return
    for name, value in result.items():
        if not isinstance(value, dict):
            data(f"{name}  {value}")


APP = verb("train", train, "tidemill train\ntidemill train training/train.py")
