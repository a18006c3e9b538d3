"""Python source for the generated program: literals, blocks of SQL, values from the environment."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import field

from sqlglot import exp

from tidemill.records import dataclass
from tidemill.runners.spark.lowering.build import DIALECT

_REFERENCE = re.compile(r"\$\{([^}]*)\}")


@dataclass(slots=True)
class Values:
    """Writes values of options; what a pipeline refers to comes from environment variables.

    `written` gives for a value the text that stood in the file, with its `${...}`. `variables`
    collects each environment variable with the reference that it stands for.
    """

    written: Mapping[str, str]
    variables: dict[str, str] = field(default_factory=dict)

    def of(self, value: str) -> str:
        """The Python expression of an option's value."""
        source = self.written.get(value, value)
        if "${" not in source:
            return literal(value)
        parts = _REFERENCE.split(source)
        names = [self._variable(reference) for reference in parts[1::2]]
        if len(names) == 1 and not parts[0] and not parts[2]:
            return names[0]
        texts = [part.replace("{", "{{").replace("}", "}}") for part in parts[::2]]
        made = texts[0]
        for name, text in zip(names, texts[1:], strict=True):
            made += "{" + name + "}" + text
        return "f" + literal(made)

    def _variable(self, reference: str) -> str:
        made = variable_name(reference)
        self.variables[made] = reference
        return made


def variable_name(reference: str) -> str:
    """The environment variable that stands for the `kind:name` of a reference."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        return name.partition(":-")[0]
    made = re.sub(r"\W+", "_", name).upper()
    if kind == "file":
        made = "FILE_" + made.strip("_")
    return "_" + made if made[:1].isdigit() else made


def literal(value: str) -> str:
    """A string in double quotes."""
    made = repr(value)
    if made.startswith("'") and '"' not in made and "\\'" not in made:
        return '"' + made[1:-1] + '"'
    return made


def block(text: str, indent: str = "    ") -> str:
    """A text of several lines as a string in triple quotes, its lines indented."""
    inner = textwrap.indent(text.strip("\n"), indent)
    if '"""' in inner or inner.endswith('"'):
        return literal(text)
    prefix = "r" if "\\" in inner else ""
    return f'{prefix}"""\n{inner}\n{indent[:-4]}"""'


def sql_block(query: exp.Query) -> str:
    """A query, formatted, as a string in triple quotes."""
    return block(
        query.sql(dialect=DIALECT, pretty=True, max_text_width=88, normalize_functions=False)
    )


def identifier(name: str) -> str:
    """A Python name that tells of `name`."""
    made = re.sub(r"\W", "_", name)
    return made if made.isidentifier() and made not in _TAKEN else f"table_{made}"


_TAKEN = frozenset(
    (
        "spark",
        "os",
        "and",
        "as",
        "class",
        "def",
        "from",
        "import",
        "in",
        "is",
        "not",
        "or",
        "if",
        "else",
        "for",
        "while",
        "with",
        "try",
        "return",
        "lambda",
        "None",
        "True",
        "False",
    )
)
