"""What the table formats of the lake (`iceberg`, `delta`) share: reading version by version.

It is no connector: each of the two says which versions there are and which files each added.
"""
