"""Format `debezium-json`: change events of Debezium as a changelog."""
