"""Writes the reference pages that are made from code: errors, options, command line, schema.

Usage: `python tools/reference.py` writes them; `--check` only says which are stale (exit code 1).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proofs import parity_counts

from tidemill.cli.reference import cli_page
from tidemill.connectors import CONNECTORS
from tidemill.control.metrics import metric_families
from tidemill.errors import CATALOGUE
from tidemill.formats import FORMATS
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.project.schema import json_schema_text
from tidemill.sql.functions.reference import reference

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"


def errors_page() -> str:
    """All codes with their meanings, by room."""
    lines = [
        "# Errors",
        "",
        "Every error has a stable code `<room>.<name>`, says what happened, where, why, and how to",
        "mend it. With `--json` it is one object with the keys `code`, `message`, `where`,",
        "`detail` and `hint`. Made from `src/tidemill/errors/codes` by `tools/reference.py`.",
    ]
    room = ""
    for code, meaning in CATALOGUE.items():
        if code.split(".")[0] != room:
            room = code.split(".")[0]
            lines += ["", f"## {room}", "", "| code | meaning |", "|---|---|"]
        lines.append(f"| `{code}` | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def connectors_page() -> str:
    """The options of every connector."""
    lines = [
        "# Connectors",
        "",
        "What `WITH ('connector' = '...')` takes, under Flink's names; ours say so.",
        "Made from the connectors' own declarations by `tools/reference.py`.",
    ]
    for name in sorted(CONNECTORS):
        connector = CONNECTORS[name]
        uses = [
            use
            for use, there in (
                ("source", connector.source),
                ("sink", connector.commit_group),
                ("lookup", connector.lookup),
            )
            if there is not None
        ]
        lines += ["", f"## {name}", "", f"Can be: {', '.join(uses)}."]
        if connector.metadata:
            shown = ", ".join(f"`{key}` {type_}" for key, type_ in connector.metadata.items())
            lines += ["", f"Metadata columns: {shown}."]
        lines += ["", *_options(connector.options)]
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Every metric of a scrape."""
    lines = [
        "# Metrics",
        "",
        "What `/metrics` of `tidemill console` gives, in Prometheus's text format. Units are",
        "seconds and bytes. Labels are pipeline, operator, table, partition, group, server, slot,",
        "database, topic, connector and task. Made by `tools/reference.py`.",
        "",
        "| metric | kind | meaning |",
        "|---|---|---|",
    ]
    lines += [f"| `{f.name}` | {f.kind} | {_cell(f.help)} |" for f in metric_families()]
    return "\n".join(lines) + "\n"


def formats_page() -> str:
    """The options of every format."""
    lines = [
        "# Formats",
        "",
        "What `'format' = '...'` takes; the options carry the format's name as prefix, such as",
        "`'json.ignore-parse-errors' = 'true'`. Made by `tools/reference.py`.",
    ]
    for name in sorted(FORMATS):
        lines += ["", f"## {name}", "", *_options(FORMATS[name].options, f"{name}.")]
    return "\n".join(lines) + "\n"


def functions_page() -> str:
    """The functions, each with the number of its proofs."""
    return reference(parity_counts())


PAGES: dict[str, Callable[[], str]] = {
    "functions.md": functions_page,
    "errors.md": errors_page,
    "connectors.md": connectors_page,
    "formats.md": formats_page,
    "metrics.md": metrics_page,
    "cli.md": cli_page,
    "tidemill.schema.json": json_schema_text,
}


def _options(options: OptionSet, prefix: str = "") -> list[str]:
    if not options.options and not options.prefixes:
        return ["No options."]
    lines = ["| option | type | default | meaning |", "|---|---|---|---|"]
    for option in options.options:
        default = "required" if option.required else _default(option)
        lines.append(
            f"| `{prefix}{option.key}` | {_type(option)} | {default} "
            f"| {_cell(option.description)}{' Taken and ignored.' if option.ignored else ''} |"
        )
    lines += [
        f"| `{prefix}{p}*` | string | | Any key with this prefix. |" for p in options.prefixes
    ]
    return lines


def _type(option: Option) -> str:
    if option.type is OptionType.ENUM:
        return " or ".join(f"`{choice}`" for choice in option.choices)
    return option.type.value + (" (secret)" if option.secret else "")


def _default(option: Option) -> str:
    value: Any = option.default
    if value is None:
        return ""
    if option.type is OptionType.DURATION:
        return f"`{value} ms`"
    if option.type is OptionType.MEMORY:
        return f"`{value} bytes`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> int:
    """Write the pages, or check them."""
    stale = []
    for name, page in PAGES.items():
        file = REFERENCE / name
        text = page()
        if not file.exists() or file.read_text() != text:
            stale.append(name)
            if "--check" not in sys.argv:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
    if stale:
        print(f"{'stale' if '--check' in sys.argv else 'written'}: {', '.join(stale)}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
