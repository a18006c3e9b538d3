"""What a running pipeline says about itself: progress as plain data, logs as JSON lines.

- `progress`: counters and lag at one moment, and their rates between two.
- `log`: JSON-lines logs under `.tidemill/logs/`, without secrets.
"""

from tidemill.observe.log import LogFile, forget_secrets, hide_secret, open_log
from tidemill.observe.progress import Progress, rates

__all__ = ["LogFile", "Progress", "forget_secrets", "hide_secret", "open_log", "rates"]
