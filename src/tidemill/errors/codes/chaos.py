"""Error codes of chaos runs: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "chaos.unknown-fault": "There is no fault of this name, or it cannot be had on this machine.",
    "chaos.bad-number": "A number given to a chaos run is out of range.",
    "chaos.bad-schedule": "A line of a schedule is not an action as a chaos run writes it.",
    "chaos.unsupported": "A chaos run cannot feed or check a pipeline with this table.",
    "chaos.unknown-run": "No chaos run of this name was kept.",
}
