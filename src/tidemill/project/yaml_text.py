"""YAML text with the place of every key and value, so that each error can show its line.

Only plain data is built (no tags, no objects); a key given twice is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tidemill.errors import ProjectError, Span, TextWhere
from tidemill.records import dataclass


@dataclass(frozen=True)
class YamlText:
    """A parsed YAML text: its data, and where each part stands."""

    file: str
    text: str
    data: Any
    root: Node | None

    def where(self, path: Sequence[str | int], *, key: bool = False) -> TextWhere:
        """The place of the value at `path`, or of its key; the nearest known part above it."""
        node, key_node = self.root, None
        for part in path:
            found = _child(node, part)
            if found is not None:
                key_node, node = found
        chosen = key_node if key and key_node is not None else node
        return TextWhere(self.file, self.text, node_span(chosen, key_node))

    def where_text(self, path: Sequence[str | int], fragment: str) -> TextWhere:
        """The place of `fragment` inside the value at `path`."""
        whole = self.where(path)
        start = self.text.find(fragment, whole.span.start)
        if start < 0:
            return whole
        return TextWhere(self.file, self.text, Span(start, start + len(fragment)))


def parse_yaml(text: str, file: str) -> YamlText:
    """Parse one YAML document; raises ProjectError that shows the line."""
    with _well_formed(text, file):
        data = YAML(typ="safe", pure=True).load(text)
        root = YAML(typ="safe", pure=True).compose(text)
    return YamlText(file, text, data, root)


def compose_yaml(text: str, file: str) -> Node | None:
    """The nodes of one YAML document (None: it is empty); raises ProjectError."""
    with _well_formed(text, file):
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


@contextmanager
def _well_formed(text: str, file: str) -> Iterator[None]:
    try:
        yield
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        start = min(mark.index, len(text)) if mark is not None else 0
        raise ProjectError(
            f"{file} is not well-formed YAML: {_problem(error)}",
            code="project.bad-yaml",
            where=TextWhere(file, text, Span(start, start + 1)),
            hint="Indent with spaces, and quote texts that hold `: ` or start with a sign.",
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ProjectError(
            f"{file} is not well-formed YAML: {str(error).splitlines()[0]}",
            code="project.bad-yaml",
        ) from None


def _problem(error: MarkedYAMLError) -> str:
    # The value of a key given twice may be a secret, so only the key itself is repeated.
    problem = str(error.problem or error.context or "it cannot be parsed")
    return problem.split(" with value ", maxsplit=1)[0]


def _child(node: Node | None, part: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode):
        for key_node, value_node in node.value:
            if isinstance(key_node, ScalarNode) and key_node.value == str(part):
                return key_node, value_node
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    return None


def node_span(node: Node | None, key_node: Node | None) -> Span:
    """Where a value stands; its key where the value is empty or goes over several lines."""
    if node is None:
        return Span(0, 0)
    start, end = node.start_mark.index, node.end_mark.index
    if start == end and key_node is not None:
        # An empty value has no text of its own: show its key.
        start, end = key_node.start_mark.index, key_node.end_mark.index
    if (
        isinstance(node, MappingNode | SequenceNode)
        and not node.flow_style
        and key_node is not None
    ):
        start, end = key_node.start_mark.index, key_node.end_mark.index
    return Span(start, end)
