"""The public test kit: laws that every source, sink and format must keep.

A test class inherits from `SourceContract`, `SinkContract` or `FormatContract`, gives what the
class asks for, and pytest runs the inherited tests.
"""

from tidemill.testing.format_contract import FormatContract, check_accounting
from tidemill.testing.sink_contract import SinkContract
from tidemill.testing.source_contract import SourceContract, drain

__all__ = ["FormatContract", "SinkContract", "SourceContract", "check_accounting", "drain"]
