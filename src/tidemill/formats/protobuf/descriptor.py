"""Finding a message in a descriptor set, by its Java class or its name in Protobuf."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from tidemill.errors import ProjectError, Where, did_you_mean


def message_class(file: Path, name: str) -> Any:
    """The class of a message; ProjectError where file or message are not to be had."""
    try:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read_bytes())
        pool = descriptor_pool.DescriptorPool()
        for one in files.file:
            pool.Add(one)
        names = {alias: full for one in files.file for alias, full in _names(one)}
        if name in names:
            descriptor = pool.FindMessageTypeByName(names[name])
            return message_factory.GetMessageClass(descriptor)
    except OSError as error:
        raise _bad(file, f"the descriptor file cannot be read: {error.strerror}") from None
    except (DecodeError, TypeError, KeyError, ValueError) as error:
        raise _bad(file, f"the file is no descriptor set: {error}") from None
    raise ProjectError(
        f"the descriptor file has no message `{name}`",
        code="format.bad-option",
        where=Where(file=str(file)),
        hint=did_you_mean(name, names) or f"It has: {', '.join(sorted(set(names.values()))[:12])}.",
    )


def pool_of(file: Any) -> Any:
    """A pool with one file and the well-known ones that it imports; TypeError for any other."""
    from google.protobuf import (  # noqa: PLC0415 - registers the well-known files
        any_pb2,
        duration_pb2,
        empty_pb2,
        field_mask_pb2,
        struct_pb2,
        timestamp_pb2,
        wrappers_pb2,
    )

    known = (any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2,
             wrappers_pb2)  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    for one in known:
        if one.DESCRIPTOR.name in file.dependency:
            pool.AddSerializedFile(one.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return pool


def _bad(file: Path, message: str) -> ProjectError:
    return ProjectError(
        message,
        code="format.bad-option",
        where=Where(file=str(file)),
        hint="Make it by: protoc --include_imports --descriptor_set_out=FILE your.proto",
    )


def _names(file: Any) -> Iterator[tuple[str, str]]:
    """Each message's names in Protobuf and in Java, with the former."""
    package = file.options.java_package or file.package
    outer = "" if file.options.java_multiple_files else _outer_class(file) + "$"
    prefix = f"{package}." if package else ""
    for message in file.message_type:
        full = f"{file.package}.{message.name}" if file.package else message.name
        yield from _nested(message, full, prefix + outer + message.name)


def _nested(message: Any, full: str, java: str) -> Iterator[tuple[str, str]]:
    yield full, full
    yield java, full
    yield java.replace("$", "."), full
    for inner in message.nested_type:
        yield from _nested(inner, f"{full}.{inner.name}", f"{java}${inner.name}")


def _outer_class(file: Any) -> str:
    """As protoc names it: the file in camel case, with `OuterClass` where that clashes."""
    if file.options.java_outer_classname:
        return str(file.options.java_outer_classname)
    stem = file.name.rpartition("/")[2].removesuffix(".proto")
    words = "".join(c if c.isalnum() else " " for c in stem).split()
    name = "".join(word[:1].upper() + word[1:] for word in words)
    taken = {m.name for m in file.message_type} | {e.name for e in file.enum_type}
    return name + "OuterClass" if name in taken else name
