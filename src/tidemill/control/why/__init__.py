"""Which messages stand behind a row of a sink."""
