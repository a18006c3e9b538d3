"""All kinds of expectations, by Great Expectations' name."""

from collections.abc import Mapping
from types import MappingProxyType

from tidemill.quality.kinds.base import Kind
from tidemill.quality.kinds.pairs import PAIR
from tidemill.quality.kinds.table import (
    EXISTS,
    MAXIMUM,
    MEAN,
    MINIMUM,
    OF_TYPE,
    ROWS_BETWEEN,
    ROWS_EQUAL,
)
from tidemill.quality.kinds.unique import COMPOUND, UNIQUE
from tidemill.quality.kinds.values import BETWEEN, IN_SET, NOT_IN_SET, NOT_NULL, REGEX

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            NOT_NULL, BETWEEN, IN_SET, NOT_IN_SET, REGEX, UNIQUE, OF_TYPE, EXISTS, ROWS_BETWEEN,
            ROWS_EQUAL, COMPOUND, MEAN, MINIMUM, MAXIMUM, PAIR,
        )
    }
)  # fmt: skip
