"""Models of a project: what `CREATE MODEL ... WITH ('provider' = ...)` stands for.

The provider `onnx` runs a file of the project with onnxruntime (the extra `tidemill[onnx]`), which
is imported only here. Its inputs are the model's INPUT columns: by name where the file's inputs are
named after them, else in order as one matrix. Outputs are taken by name, else in order. A NULL
among FLOAT and DOUBLE inputs is NaN; elsewhere it cannot be given to a model, and the row fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

from tidemill.interfaces.python_function import FunctionLoadError
from tidemill.model import Field, TypeRoot

_TENSORS: Mapping[TypeRoot, tuple[str, ...]] = {
    TypeRoot.BOOLEAN: ("bool",),
    TypeRoot.TINYINT: ("int8", "int16", "int32", "int64", "float", "double"),
    TypeRoot.SMALLINT: ("int16", "int32", "int64", "float", "double"),
    TypeRoot.INTEGER: ("int32", "int64", "double"),
    TypeRoot.BIGINT: ("int64",),
    TypeRoot.FLOAT: ("float", "double"),
    TypeRoot.DOUBLE: ("double", "float"),
    TypeRoot.CHAR: ("string",),
    TypeRoot.VARCHAR: ("string",),
}
"""The element types of a tensor that a column may become."""


class OnnxModel:
    """A model of a file; `predict` is called with a batch's columns. Not for several threads."""

    def __init__(self, file: str, inputs: Sequence[Field], outputs: Sequence[Field]) -> None:
        onnx = _onnxruntime()
        options = onnx.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnx.InferenceSession(
                file, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise FunctionLoadError(f"the model's file cannot be read: {reason}") from None
        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._given = self._session.get_inputs()
        self._named = {i.name for i in self._given} == {f.name for f in inputs}
        self._check_inputs()
        made = [output.name for output in self._session.get_outputs()]
        by_name = all(field.name in made for field in outputs)
        if not by_name and len(made) < len(outputs):
            raise FunctionLoadError(
                f"the model gives {len(made)} outputs ({', '.join(made)}), not {len(outputs)}"
            )
        self._wanted = [f.name for f in outputs] if by_name else made[: len(outputs)]

    def _check_inputs(self) -> None:
        if self._named:
            by_name = {i.name: i for i in self._given}
            for field in self._inputs:
                _check_type(field, _element(by_name[field.name]))
            return
        shown = ", ".join(f"{i.name} {i.type}{i.shape}" for i in self._given)
        matrix = len(self._given) == 1 and len(self._given[0].shape) == 2
        width = self._given[0].shape[1] if matrix else None
        if not matrix or (isinstance(width, int) and width != len(self._inputs)):
            raise FunctionLoadError(
                f"the model's inputs are {shown}; they fit neither by name nor as a matrix of "
                f"{len(self._inputs)} columns",
                "Name the INPUT columns as the file does.",
            )
        for field in self._inputs:
            _check_type(field, _element(self._given[0]))

    def predict(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """The output columns for the input columns."""
        if self._named:
            by_name = {f.name: c for f, c in zip(self._inputs, columns, strict=True)}
            feed = {i.name: _shaped(_tensor(by_name[i.name], _element(i)), i) for i in self._given}
        else:
            (only,) = self._given
            feed = {only.name: np.stack([_tensor(c, _element(only)) for c in columns], axis=1)}
        results = self._session.run(self._wanted, feed)
        return [
            _column(result, field) for result, field in zip(results, self._outputs, strict=True)
        ]


def _onnxruntime() -> ModuleType:
    try:
        import onnxruntime  # noqa: PLC0415 - an optional part
    except ModuleNotFoundError:
        raise FunctionLoadError(
            "the provider `onnx` needs onnxruntime, which is not installed",
            "Install it: pip install 'tidemill[onnx]'.",
        ) from None
    return onnxruntime  # type: ignore[no-any-return]


def _element(tensor: Any) -> str:
    """The element type of `tensor(float)`."""
    return str(tensor.type).removeprefix("tensor(").removesuffix(")")


def _check_type(field: Field, element: str) -> None:
    takes = _TENSORS.get(field.type.root, ())
    if element not in takes:
        raise FunctionLoadError(
            f"the model's input `{field.name}` is a tensor of {element}, and the column "
            f"{field.type.sql()}",
            "Declare the INPUT column with a type that fits.",
        )


_NUMPY = {"float": np.float32, "double": np.float64, "bool": np.bool_, "int8": np.int8,
          "int16": np.int16, "int32": np.int32, "int64": np.int64}  # fmt: skip


def _tensor(column: pa.Array, element: str) -> np.ndarray:
    if column.null_count and not pa.types.is_floating(column.type):
        raise ValueError("a NULL cannot be given to the model")
    if element == "string":
        return np.array(column.to_pylist(), dtype=object)
    values: np.ndarray = column.to_numpy(zero_copy_only=False)
    return values.astype(_NUMPY[element])


def _shaped(values: np.ndarray, wanted: Any) -> np.ndarray:
    """As [n] or [n, 1], as the file says."""
    return values.reshape(-1, 1) if len(wanted.shape) == 2 else values


def _column(result: Any, field: Field) -> pa.Array:
    if not isinstance(result, np.ndarray):
        raise TypeError(f"the output for `{field.name}` is no tensor")
    if result.ndim == 2 and field.type.root is TypeRoot.ARRAY:
        rows: pa.Array = pa.array(list(result), field.type.arrow())
        return rows
    if result.ndim == 2 and result.shape[1] == 1:
        result = result[:, 0]
    if result.ndim != 1:
        raise TypeError(f"the output for `{field.name}` has the shape {list(result.shape)}")
    column = pa.array(result.tolist() if result.dtype == object else result)
    return column.cast(field.type.arrow())


def model_file(root: Path, path: str) -> str:
    """The full path of a model's file in the project."""
    full = (root / path).resolve()
    if not full.is_relative_to(root):
        raise FunctionLoadError(f"the file `{path}` lies outside the project")
    if not full.is_file():
        raise FunctionLoadError(f"the file `{path}` does not exist in the project")
    return str(full)
