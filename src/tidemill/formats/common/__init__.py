"""Shared by the text formats: Java's way of writing and reading numbers, dates and strings."""
