"""Results as one HTML page that needs nothing else: verdicts, counts, and rows that miss."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from html import escape

from tidemill.quality.result import ExpectationResult, SuiteResult, plain

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
color:#1c2733}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8dee6;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.9em}
.ok{color:#15663a}.no{color:#a3231f}details{overflow-x:auto}
"""


def html_report(results: Sequence[SuiteResult]) -> str:
    """The page."""
    good = sum(result.success for result in results)
    head = f"<h1>Checks: {good} of {len(results)} passed</h1>"
    body = "".join(_suite(result) for result in results)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tidemill checks</title>'
        f"<style>{_STYLE}</style></head><body>{head}{body}</body></html>\n"
    )


def _suite(result: SuiteResult) -> str:
    at = dt.datetime.fromtimestamp(result.at_ms / 1000, dt.UTC).isoformat(" ", "seconds")
    rows = "" if result.row_count is None else f", {result.row_count} rows"
    lines = [
        f"<h2>{_mark(result.success)} {escape(result.suite)} on {escape(result.target)}</h2>",
        f"<p>{escape(at)}{rows}</p>",
    ]
    if result.exception is not None:
        lines.append(f'<p class="no">{escape(result.exception)}</p>')
    if result.results:
        names = ("", "expectation", "severity", "looked at", "unexpected", "observed")
        head = "".join(f"<th>{name}</th>" for name in names)
        rows_ = "".join(_expectation(one) for one in result.results)
        lines.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows_}</tbody></table>")
    lines += [f"<p>{escape(note)}</p>" for note in result.notes]
    return "".join(lines)


def _expectation(one: ExpectationResult) -> str:
    observed = one.exception if one.exception is not None else one.observed
    cells = [
        f"<td>{_mark(one.success)}</td>",
        f"<td><code>{escape(one.expectation.label)}</code>{_rows(one)}</td>",
        f"<td>{escape(one.expectation.severity)}</td>",
        f'<td class="n">{_text(one.elements)}</td>',
        f'<td class="n">{_text(one.unexpected)}</td>',
        f"<td>{_text(plain(observed))}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _rows(one: ExpectationResult) -> str:
    if not one.rows:
        return ""
    head = "".join(f"<th>{escape(str(name))}</th>" for name in one.rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(plain(value))}</td>" for value in row.values()) + "</tr>"
        for row in one.rows
    )
    count = f"{len(one.rows)} of {one.unexpected}"
    return (
        f"<details><summary>{count} unexpected rows</summary>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
    )


def _mark(good: bool) -> str:
    return '<span class="ok">passed</span>' if good else '<span class="no">failed</span>'


def _text(value: object) -> str:
    return "" if value is None else escape(str(value))
