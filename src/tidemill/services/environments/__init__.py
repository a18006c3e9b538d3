"""Python environments made on demand: for programs whose packages can never share Tidemill's own.

`specs` says which there are, `pythons` which interpreter one is made from, `make` makes it once,
under the cache folder. To add one: a `<name>.in` with its roots and a line in `ENVIRONMENTS`;
`tools/lock.sh` then writes its `<name>.lock`.
"""

from tidemill.services.environments.make import (
    EnvironmentProgress,
    environment_packages,
    environment_python,
    is_made,
    make_environment,
    require_environment,
)
from tidemill.services.environments.specs import ENVIRONMENTS, EnvironmentSpec

__all__ = [
    "ENVIRONMENTS",
    "EnvironmentProgress",
    "EnvironmentSpec",
    "environment_packages",
    "environment_python",
    "is_made",
    "make_environment",
    "require_environment",
]
