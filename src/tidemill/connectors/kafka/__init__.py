"""Connector `kafka`: topics as tables, read from any position and written in transactions."""
