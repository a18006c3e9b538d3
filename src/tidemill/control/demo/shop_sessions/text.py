"""The shop's results as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tidemill.control.demo.shop_sessions.verify import ShopResults

BAR = 40


def sections(results: ShopResults) -> Iterator[tuple[str, str]]:
    """Title and text of each thing that is shown."""
    yield "finished sessions", _funnel(results.funnel)
    if results.deciles:
        yield (
            "what the model said about carts, in ten parts, and how many of them were bought",
            _deciles(results.deciles),
        )
    if results.hashes:
        yield "in Redis", "\n".join(_hash(row) for row in results.hashes)
    facts = results.facts
    model = facts["model"]
    yield (
        "in numbers",
        f"{facts['events']:,} events, {facts['filtered']:,} set aside by the cleaning (bots and"
        f" dirt), {facts['late']:,} too late for their session\n"
        f"model: AUC {model['auc_held_back']} on carts of the history that it had not seen,"
        f" {facts['auc_on_stream']} on the stream",
    )


def _funnel(funnel: tuple[tuple[str, int], ...]) -> str:
    most = max((count for _, count in funnel), default=0) or 1
    return "\n".join(f"{kind:<16} {count:>8,} {_bar(count / most)}" for kind, count in funnel)


def _deciles(deciles: tuple[tuple[float, float, int], ...]) -> str:
    head = f"{'predicted':>9}  {'bought':>6}  {'carts':>5}"
    lines = [f"{p:>9.2f}  {b:>6.2f}  {n:>5,}  {_bar(b)}" for p, b, n in deciles]
    return "\n".join((head, *lines))


def _hash(row: Mapping[str, Any]) -> str:
    fields = " ".join(f"{k}={v}" for k, v in row.items() if k not in ("user_session", "product_id"))
    return f"session:{row['user_session']}:product:{row['product_id']}  {fields}"


def _bar(share: float) -> str:
    return "█" * round(BAR * share)
