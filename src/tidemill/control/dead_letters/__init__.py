"""Dead letters of a pipeline: which there are, what they hold, and putting them back.

`read` finds and reads them, `selection` says which are meant, `redrive` puts them back.
"""

from __future__ import annotations
