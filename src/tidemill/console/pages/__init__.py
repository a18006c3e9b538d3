"""The pages: one per file, each with `add(hub)`; they call `control/` and hold no logic of it."""
