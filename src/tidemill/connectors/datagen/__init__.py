"""The `datagen` connector: rows made up in memory, at a chosen rate.

Options and defaults are Flink's; `seed` and `start-time` are ours. Row *i* depends on the seed and
on *i* alone, so a restore goes on with exactly the rows that would have come. Guarantees: one
partition (`0`); positions are exact; `rows-per-second` is kept on average and never exceeded by
more than a second's worth after a pause. Non-guarantees: without `start-time`, columns of date and
time types follow this machine's clock (as in Flink), so these alone differ when read again.
"""
