"""Use case `reconcile`: does a sink hold what the pipeline's rows come to?

- `prove`: the use case; `content`: reading a table back; `recompute`: the rows from the inputs
- `compare`: keyed checksums, and the rows that differ
- `sides`: what is compared live, asked (`KeyedSums`) or read (`copied`, `held`, `portable`)
- `live`: at one place in the log, while both are written; `bisect`: ranges by sums; `settle`: rows
  that were on their way; `passed`: up to where the pipeline has come
"""
