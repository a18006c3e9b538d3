"""Names and types: the syntax tree becomes the typed logical plan."""
