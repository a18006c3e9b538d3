"""Tidemill inside other programs; each part runs in that program's own environment."""
