LIMIT = 1

raise RuntimeError("no luck")
