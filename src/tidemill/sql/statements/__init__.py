"""One kind of statement per file: how it is read, and what it does to the session."""
