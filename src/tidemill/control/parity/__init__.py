"""Parity: the same text on the embedded engine and on Flink, and what the two disagree about.

`queries` turns a pipeline into queries whose rows can be looked at, `embedded` and `on_flink` run
them, `compare` finds the differences, `bounds` gives both engines exactly the same input, and
`proof` is the use case behind `tidemill parity`.
"""
