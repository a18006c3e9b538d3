"""The program `tidemill`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from cyclopts import CycloptsError, UnknownCommandError

from tidemill.cli.app import build_app
from tidemill.cli.failures import report, unknown_command, usage_error


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code (docs/reference/exit-codes.md)."""
    as_json, debug = "--json" in argv, "--debug" in argv or bool(os.environ.get("TIDEMILL_DEBUG"))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        result = build_app()(
            list(argv), exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except UnknownCommandError as error:
        tokens = [str(token) for token in error.unused_tokens or argv]
        return report(unknown_command(tokens[0], argv), as_json=as_json, debug=False)
    except CycloptsError as error:
        chain = " ".join(["tidemill", *(error.command_chain or ())])
        return report(usage_error(str(error), chain), as_json=as_json, debug=False)
    except BrokenPipeError:
        # The reader of our output (such as `head`) has seen enough: that is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        return report(error, as_json=as_json, debug=debug)
    return result if isinstance(result, int) else 0


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
