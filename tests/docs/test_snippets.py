"""What the documentation shows works: SQL passes `check`, commands parse, links lead somewhere.

Every ```sql block of README and docs is a whole text. A comment before a block says otherwise:
`<!-- check: sql.not-supported -->` (it is refused with this code) or `<!-- check: skip -->`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tidemill.cli.app import build_app
from tidemill.cli.verbs import VERBS
from tidemill.control.check import check
from tidemill.errors import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md"))
    if page.relative_to(ROOT).parts[:2] != ("docs", "reference")
)
PROJECT = """
name: docs
servers: {postgres: , kafka: , connect: }
variables: {min_fare: "2.50"}
"""
_BLOCK = re.compile(
    r"(?:<!-- check: (?P<mark>\S+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
_COMMAND = re.compile(r"^(?:\$ |    |)(?:\w+=\S+ )?(tidemill .*)$", re.M)


@dataclass(frozen=True)
class Block:
    """A code block of a page; `mark` is what the comment before it says."""

    page: str
    line: int
    language: str
    text: str
    mark: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path, *languages: str) -> Iterator[Block]:
    text = page.read_text()
    for found in _BLOCK.finditer(text):
        if found["language"] in languages:
            line = text.count("\n", 0, found.start("language")) + 1
            name = str(page.relative_to(ROOT))
            yield Block(name, line, found["language"], found["text"], found["mark"])


def modules(page: str) -> dict[str, str]:
    """The Python blocks of a page that begin with the comment `# functions/<name>.py`."""
    found = {}
    for block in blocks(ROOT / page, "python") if (ROOT / page).is_file() else ():
        first, _, _ = block.text.partition("\n")
        if re.fullmatch(r"# functions/\w+\.py", first):
            found[first.removeprefix("# ")] = block.text
    return found


SQL = [block for page in PAGES for block in blocks(page, "sql")]
SHELL = [block for page in PAGES for block in blocks(page, "", "console", "sh")]


def problems(block: Block, folder: Path) -> set[str]:
    """The codes that `check` gives for a block, beside the functions of its page."""
    (folder / "tidemill.yaml").write_text(PROJECT)
    (folder / "block.sql").write_text(block.text)
    for name, module in modules(block.page).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(module)
    (result,) = check([str(folder / "block.sql")], folder)
    return {error.code for error in result.errors}


def commands(block: Block) -> Iterator[list[str]]:
    """The tidemill commands of a block, as words without the program's name."""
    lines = block.text if block.language != "console" else _typed(block.text)
    for found in _COMMAND.finditer(lines):
        lexer = shlex.shlex(found[1], posix=True, punctuation_chars="|;&")
        lexer.whitespace_split = True
        words = list(lexer)
        end = next((i for i, word in enumerate(words) if set(word) <= set("|;&")), len(words))
        yield words[1:end]


def _typed(text: str) -> str:
    """What a person types in a console block, also behind a pipe."""
    typed = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
    return "\n".join(part.strip() for line in typed for part in re.split(r" \| (?=tidemill)", line))


def test_there_is_sql_in_the_docs() -> None:
    assert len(SQL) > 5
    assert any(block.page == "README.md" for block in SQL)


@pytest.mark.parametrize("block", [b for b in SQL if b.mark != "skip"], ids=str)
def test_sql_passes_check(block: Block, tmp_path: Path) -> None:
    expected = set() if block.mark is None else {block.mark}
    assert problems(block, tmp_path) == expected


def test_a_wrong_block_would_be_found(tmp_path: Path) -> None:
    assert problems(Block("x", 1, "sql", "SELECT nothing FROM nowhere;", None), tmp_path)


@pytest.mark.parametrize("block", [b for b in SHELL if list(commands(b))], ids=str)
def test_commands_parse(block: Block) -> None:
    app = build_app()
    for words in commands(block):
        app.parse_args(words, exit_on_error=False, print_error=False)


def test_a_wrong_command_would_be_found() -> None:
    (words,) = commands(Block("x", 1, "console", "$ tidemill run --no-such-option\n", None))
    with pytest.raises(Exception, match="no-such-option"):
        build_app().parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]+)?\)", page.read_text()):
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", file.read_text(), re.M)
            assert anchor[1:] in {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-")
                                  for t in titles}, anchor  # fmt: skip


def test_every_verb_is_documented() -> None:
    page = (ROOT / "docs/reference/cli.md").read_text()
    for entry in VERBS:
        for name in [f"{entry.name} {inner.name}" for inner in entry.verbs] or [entry.name]:
            assert f"### tidemill {name}\n" in page, name


def test_every_error_code_is_documented() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text()
    for code in CATALOGUE:
        assert f"| `{code}` |" in page, code


def test_no_error_is_raised_with_a_code_that_is_not_declared() -> None:
    rooms = {code.split(".")[0] for code in CATALOGUE}
    literal = re.compile(rf"\bcode=\"((?:{'|'.join(rooms)})\.[a-z-]+)\"")
    for file in (ROOT / "src").rglob("*.py"):
        for code in literal.findall(file.read_text()):
            assert code in CATALOGUE, f"{file.relative_to(ROOT)}: {code}"


FIXTURES = [block for page in PAGES for block in blocks(page, "yaml") if "tests:" in block.text]


@pytest.mark.parametrize("block", FIXTURES, ids=str)
def test_fixtures_pass(block: Block, tmp_path: Path) -> None:
    """A mark names the template whose pipeline a fixture tests."""
    from tidemill.control.fixtures.suite import Suite
    from tidemill.control.fixtures.text import outcome_text
    from tidemill.control.init import init

    init(tmp_path / "new", block.mark or "kafka-to-postgres")
    name = "large_orders" if block.mark == "cdc" else "zone_minute"
    (tmp_path / "new" / "tests" / f"{name}.yaml").write_text(block.text)
    for outcome in Suite((), tmp_path / "new").outcomes():
        assert outcome.status == "passed", outcome_text(outcome)
