"""Format `csv`: one line of separated values per message."""
