"""What a running program says about itself: JSON-lines logs, without secrets.

The progress of a pipeline is plain data of the engine's (`tidemill.engine.Progress`).
"""

from tidemill.observe.log import LogFile, forget_secrets, hide_secret, open_log

__all__ = ["LogFile", "forget_secrets", "hide_secret", "open_log"]
