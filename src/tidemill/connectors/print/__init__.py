"""The `print` connector: every committed row as one line of text on standard output or error.

The text is Flink's: the kind of the row and its fields, as in `+I[1, apple]`, after the
identifier if one is given (`ident> +I[1, apple]`). Guarantees: no row is shown before its epoch is
committed, and rows come in the order in which they were written, across tables too. Non-guarantees:
neither atomic nor idempotent: after a crash, rows of the last epoch may be shown again.
"""
