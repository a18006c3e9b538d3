"""Use cases of the lake: objects by hand, imports by `lake.yaml`, queries, bucket events."""
