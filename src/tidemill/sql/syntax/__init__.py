"""The grammar of Flink SQL: tokens to a syntax tree in which everything knows its place.

The tree says what was written, not what it means; names are not resolved and types not known. The
grammar is strict: what Flink refuses is refused here, and what Flink takes but Tidemill does not
run is refused by its name.
"""
