"""A user's Python function: how it is found, and how it is known once its types are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import pyarrow as pa

from tidemill.model import DataType, Field
from tidemill.records import dataclass

FunctionKind = Literal["scalar", "table", "aggregate", "model"]


class FunctionLoadError(Exception):
    """A function cannot be had; `message` says why, `hint` what to do."""

    def __init__(self, message: str, hint: str | None = None, detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


@dataclass(frozen=True, slots=True)
class LoadedFunction:
    """What a module holds under a name: types as Flink text, `function` as the user wrote it.

    `accumulator_type` belongs to aggregates. `arrow`: the function takes and gives Arrow arrays.
    `file` and `line` are where it begins; `root` is the folder whose files are the user's.
    """

    kind: FunctionKind
    function: Any
    input_types: tuple[str, ...] | None
    result_types: tuple[str, ...]
    accumulator_type: str | None
    deterministic: bool
    arrow: bool
    file: str
    line: int
    root: str


class FunctionLoader(Protocol):
    """Finds the functions and models that a text names."""

    def function(self, path: str) -> LoadedFunction:
        """The function `module.name`; FunctionLoadError where it cannot be had."""
        ...

    def onnx_model(
        self, path: str, inputs: Sequence[Field], outputs: Sequence[Field]
    ) -> LoadedFunction:
        """The model of a file, its columns checked; FunctionLoadError where it cannot be had."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PythonFunction:
    """A declared function with its types; equal only to itself.

    `name` is its name in SQL, `path` what stands behind AS. `result_type` is a ROW for table
    functions and models. `input_types` None: arguments of any type.
    """

    name: str
    path: str
    loaded: LoadedFunction
    input_types: tuple[DataType, ...] | None
    result_type: DataType
    accumulator_type: DataType | None = None
    is_model: bool = False
    """Whether it computes a model, so that its calls are predictions."""

    @property
    def kind(self) -> FunctionKind:
        """Scalar, table, aggregate or model."""
        return self.loaded.kind


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A declared model: what it takes and gives, and the function that computes it.

    The function's result is the one output, or a ROW of the outputs.
    """

    name: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    provider: str
    function: PythonFunction


class Predictor(Protocol):
    """What the `function` of a loaded model is: called with a batch's columns.

    Guarantees: as many rows as it was given. Raises for a batch that it cannot take.
    """

    def predict(self, columns: Sequence[pa.Array]) -> Sequence[pa.Array]:
        """The output columns for the input columns."""
        ...
