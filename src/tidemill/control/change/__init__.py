"""Use cases `plan` and `apply`: what becomes of a pipeline's state when its text changes.

- `compare`: the nodes of a checkpoint beside those of a plan; `inputs`: what can be read again
- `planned`: the use case `plan`: the fate of every source, operator and sink, and why
- `apply`: the use case `apply`; `past`: the run that reads the past again
- `side_by_side`: both versions over the same input, and what their outputs differ in
- `versions`: the texts that a pipeline has run with
"""
