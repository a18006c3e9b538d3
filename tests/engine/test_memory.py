"""Memory that was not given is told from other failures, also behind another error."""

import errno

import pyarrow as pa
import pytest

from tidemill.engine.memory import out_of_memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 64 failed"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
    ],
)
def test_memory_that_was_not_given(error: Exception) -> None:
    found = out_of_memory(error)
    assert found is not None and found.code == "engine.out-of-memory"
    outer = ValueError("outer")
    outer.__cause__ = error
    assert out_of_memory(outer) is not None
    assert out_of_memory(ValueError("other")) is None
