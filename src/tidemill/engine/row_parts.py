"""ROW columns of which a source gave only the fields that somebody reads."""

from __future__ import annotations

import pyarrow as pa


def has_fewer_fields(given: pa.DataType, declared: pa.DataType) -> bool:
    """Whether a column is a ROW as declared, but without some fields, here or further in."""
    if given == declared:
        return False
    if not (pa.types.is_struct(given) and pa.types.is_struct(declared)):
        return False
    types = {field.name: field.type for field in declared}
    return all(
        field.name in types
        and (field.type == types[field.name] or has_fewer_fields(field.type, types[field.name]))
        for field in given
    )


def with_all_fields(rows: pa.StructArray, declared: pa.StructType) -> pa.StructArray:
    """The rows with all declared fields; those that were not given are NULL.

    They share one buffer of zeros, whatever their number, and no value is copied.
    """
    nulls = pa.nulls(len(rows), declared)
    children = []
    for index, field in enumerate(declared):
        place = rows.type.get_field_index(field.name)
        child = nulls.field(index) if place < 0 else rows.field(place)
        if place >= 0 and child.type != field.type:
            child = with_all_fields(child, field.type)
        children.append(child)
    mask = rows.is_null() if rows.null_count else None
    return pa.StructArray.from_arrays(children, fields=list(declared), mask=mask)
