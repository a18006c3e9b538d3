"""A list of things by name whose modules are imported only when one is looked up."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

T = TypeVar("T")


class LazyRegistry(Mapping[str, T]):
    """Maps each name to what its module exports as `attribute`.

    Listing the names and asking whether one is there imports nothing; looking one up imports its
    module, and with it the client library that it needs.
    """

    def __init__(self, modules: Mapping[str, str], attribute: str) -> None:
        self._modules = modules
        self._attribute = attribute

    def __getitem__(self, name: str) -> T:
        module = importlib.import_module(self._modules[name])
        return cast(T, getattr(module, self._attribute))

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)
