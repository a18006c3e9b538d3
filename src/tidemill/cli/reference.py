"""The page docs/reference/cli.md, made from the program's own help."""

from __future__ import annotations

import re

from cyclopts import App

from tidemill.cli.app import build_app
from tidemill.cli.verbs import VERBS

HEAD = """# Command line

Data goes to stdout, everything else to stderr. Exit codes stand in
[exit-codes.md](exit-codes.md). Made from the program by `tools/reference.py`.

Every verb takes `--json` (data and errors as JSON), `--project`, `-C PATH` (the project's folder;
by default the nearest one with a tidemill.yaml), `--debug` (show the traceback of an error) and
`--help`. `NO_COLOR` turns colour off.
"""
_COMMON = re.compile(r"\*\*Common options\*\*:\n\n(?:\* .*\n)+\n?")


def cli_page() -> str:
    """The whole page."""
    app = build_app()
    parts = [HEAD]
    for entry in VERBS:
        parts += [f"## {entry.group}\n"] if _begins_group(entry.name) else []
        for inner in entry.verbs or (entry,):
            words = (entry.name, inner.name) if entry.verbs else (entry.name,)
            parts.append(_section(app, words))
    return "\n".join(parts).rstrip() + "\n"


def _begins_group(name: str) -> bool:
    names = [entry.name for entry in VERBS]
    index = names.index(name)
    return index == 0 or VERBS[index - 1].group != VERBS[index].group


def _section(app: App, words: tuple[str, ...]) -> str:
    verb = app
    for word in words:
        verb = verb[word]
    command = " ".join(("tidemill", *words))
    docs = _COMMON.sub("", verb.generate_docs(heading_level=3, usage_name=command))
    _, _, docs = docs.partition("\n")
    body, _, example = (verb.help_epilogue or "").rpartition("Example:\n")
    usage, _, rest = docs.strip().partition("\n\n")
    summary, _, options = rest.partition("\n\n")
    lines = [line.removeprefix("  ") for line in example.splitlines()]
    block = "\n".join(["```console", *(f"$ {line}" for line in lines), "```"])
    pieces = [f"### {command}", summary, usage, body.strip(), options.strip(), block]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"
