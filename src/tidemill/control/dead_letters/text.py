"""What a redrive did, or would do, in sentences."""

from __future__ import annotations

from tidemill.control.dead_letters.redrive import Redriven


def redriven_lines(done: Redriven) -> list[str]:
    """One sentence for each topic and each reason; at least one."""
    verb = "would go back into" if done.dry_run else "went back into"
    lines = [f"{_count(n)} {verb} {topic}." for topic, n in done.topics.items()]
    if not lines:
        lines = [f"No message {'would go' if done.dry_run else 'went'} back."]
    if done.already:
        lines.append(f"{_count(done.already)} went back before.")
    lines += [f"{_letters(n)} stay: {reason}." for reason, n in done.kept.items()]
    for topic, names in done.also_read_by.items():
        lines.append(f"note: {topic} is read by {', '.join(names)} too, which gets them again.")
    return lines


def _count(number: int) -> str:
    return f"{number:,} message{'s' * (number != 1)}"


def _letters(number: int) -> str:
    return f"{number:,} letter{'s' * (number != 1)}"
