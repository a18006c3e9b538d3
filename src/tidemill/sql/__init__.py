"""Flink SQL text to a typed logical plan.

`dialect` makes tokens, `syntax` a tree of what is written, `binder` gives it meaning, `statements`
does what each statement says, `compiler` runs a whole file. What the result is stands in `logical`
and `expressions`. Nothing here opens a connection or reads a file.
"""

from tidemill.sql.compiler import check_script, compile_script
from tidemill.sql.render import render

__all__ = ["check_script", "compile_script", "render"]
