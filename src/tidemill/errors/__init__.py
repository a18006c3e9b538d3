"""One tree of errors; everything Tidemill raises on purpose is a `TidemillError`.

    TidemillError            code, message, where, detail, hint, exit_code
    ├── UserError            the pipeline, the project file or the data is wrong     exit code 1
    │   ├── SqlError         a statement is refused; `where` is file:line:col with a caret
    │   ├── ProjectError     tidemill.yaml, an option or a secret reference is wrong
    │   └── VerificationError  a check, a verification or a parity run found a difference
    ├── UsageError           the command line is wrong                               exit code 2
    └── ComponentError       a server, a connector or the engine failed              exit code 3
        ├── ServiceError     a server could not start, or died
        ├── ConnectorError   a source, sink or lookup failed; `retryable`: trying again can help
        │   └── StoreError   an object store refused a call, or could not be reached
        └── EngineError      the engine itself stopped
            └── DoubtfulCommitError  nobody knows whether the epoch was committed: recover and ask

A code is `<room>.<name>`, stable, and declared with its meaning in `codes/<room>.py`; an
undeclared code is a programming error. Of Tidemill this room imports
`records` alone.
"""

from tidemill.errors.base import (
    ComponentError,
    ConnectorError,
    DoubtfulCommitError,
    EngineError,
    ProjectError,
    ServiceError,
    SqlError,
    StoreError,
    TidemillError,
    UsageError,
    UserError,
    VerificationError,
)
from tidemill.errors.catalogue import CATALOGUE
from tidemill.errors.suggest import did_you_mean
from tidemill.errors.where import Span, TextWhere, Where

__all__ = [
    "CATALOGUE",
    "ComponentError",
    "ConnectorError",
    "DoubtfulCommitError",
    "EngineError",
    "ProjectError",
    "ServiceError",
    "Span",
    "SqlError",
    "StoreError",
    "TextWhere",
    "TidemillError",
    "UsageError",
    "UserError",
    "VerificationError",
    "Where",
    "did_you_mean",
]
