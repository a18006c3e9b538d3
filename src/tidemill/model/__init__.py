"""Values without I/O: types, schemas, row kinds, batches, positions, dead letters.

Everything here is immutable data with no behaviour beyond reading itself. This room imports only
`tidemill.errors` and pyarrow.
"""

from tidemill.model.batch import Batch
from tidemill.model.dead_letter import DeadLetter
from tidemill.model.position import JsonValue, Position
from tidemill.model.row_kind import RowKind
from tidemill.model.schema import Column, ColumnKind, Schema, TableDescriptor
from tidemill.model.types import DataType, Field, TypeRoot

__all__ = [
    "Batch",
    "Column",
    "ColumnKind",
    "DataType",
    "DeadLetter",
    "Field",
    "JsonValue",
    "Position",
    "RowKind",
    "Schema",
    "TableDescriptor",
    "TypeRoot",
]
