"""Runners: other engines that run the same pipelines; one folder each."""
