"""The command tree, with every verb's code loaded only when that verb is called."""

from __future__ import annotations

import functools

from cyclopts import App, Group, Parameter

from tidemill.cli.verbs import VERBS, VerbEntry
from tidemill.version import __version__

HELP = "Real streaming servers and pipelines in Flink SQL, on one machine."
EPILOGUE = """Example:
  tidemill init my-project --template kafka-to-postgres
  cd my-project && tidemill up && tidemill run

Data goes to stdout, everything else to stderr.
Exit codes: 0 done, 1 your input is wrong, 2 the command line is wrong,
3 a server or connector failed, 130 interrupted."""


@functools.cache
def build_app() -> App:
    """The whole command tree; one per process, because verbs keep the groups they are put into."""
    app = App(
        name="tidemill",
        help=HELP,
        help_epilogue=EPILOGUE,
        help_format="plaintext",
        version=f"tidemill {__version__}",
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
    )
    groups: dict[str, Group] = {}
    for index, entry in enumerate(VERBS):
        group = groups.setdefault(entry.group, Group(entry.group, sort_key=len(groups)))
        if entry.verbs:
            app.command(_noun(entry, group, index))
        else:
            app.command(entry.target, name=entry.name, help=entry.help, group=group, sort_key=index)
    return app


def _noun(entry: VerbEntry, group: Group, index: int) -> App:
    example = f"Example:\n  tidemill {entry.name} {entry.verbs[0].name}"
    noun = App(
        name=entry.name,
        help=entry.help,
        help_epilogue=example,
        group=group,
        sort_key=index,
        help_format="plaintext",
        version_flags=[],
    )
    for position, inner in enumerate(entry.verbs):
        noun.command(inner.target, name=inner.name, help=inner.help, sort_key=position)
    return noun
