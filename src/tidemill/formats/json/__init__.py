"""Format `json`: one JSON object (or array of objects) per message."""
