"""Options of `protobuf`, under Flink 2.3's names, and `descriptor-file`, which is ours."""

from __future__ import annotations

from tidemill.interfaces.options import Option, OptionSet, OptionType

_S, _B = OptionType.STRING, OptionType.BOOLEAN
OPTIONS = OptionSet(
    "format `protobuf`",
    (
        Option(
            "message-class-name", _S,
            "The message: its Java class, such as `com.example.Orders$Order`, or its full name in "
            "Protobuf, such as `shop.Order`.",
            required=True,
        ),
        Option(
            "descriptor-file", _S,
            "The descriptor set that holds it, from the project's folder (Tidemill only; Flink "
            "has the class instead). Made by protoc --include_imports --descriptor_set_out=FILE.",
            required=True,
        ),
        Option("ignore-parse-errors", _B, "Skip messages that cannot be read.", default=False),
        Option(
            "read-default-values", _B,
            "Whether absent fields have their default values rather than NULL; numbers and texts "
            "of proto3 always have.",
            default=False,
        ),
        Option(
            "write-null-string-literal", _S,
            "What is written for NULL among the texts of an array or map.", default="",
        ),
    ),
)  # fmt: skip
