"""Makes the documentation's site of docs/ and the examples' pages; mkdocs calls it (mkdocs.yml).

The navigation is the order of the links in docs/index.md, so a page that is not linked there fails
the strict build. Links to files of the repository that are no pages become plain text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
SECTIONS = {
    "concepts": "Concepts",
    "examples": "Examples",
    "guides": "Guides",
    "reference": "Reference",
    "decisions": "Decisions",
}
BELONGS = {
    "concepts.md": "concepts",
    "performance.md": "reference",
    "reliability.md": "reference",
    "security.md": "reference",
}
"""Pages of no folder that stand with those of one."""
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Build the navigation from the start page."""
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages: dict[str, list[str]] = {}
    for _, target, _ in _LINK.findall(text):
        place = _page(ROOT / "docs", target)
        if place is not None and place not in pages.get(_section(place), ()):
            pages.setdefault(_section(place), []).append(place)
    nav: list[Any] = [{"Home": "index.md"}, *pages.pop("", [])]
    nav += [{name: pages[key]} for key, name in SECTIONS.items() if key in pages]
    config.nav = nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page of each example; one that has a page in docs/examples has it already."""
    for readme in sorted(ROOT.glob("examples/*/README.md")):
        text = readme.read_text(encoding="utf-8")
        name = f"examples/{readme.parent.name}.md"
        if (ROOT / "docs" / name).is_file():
            continue
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where the pages are on the site."""
    here = _folder(page.file.src_uri)

    def led(found: re.Match[str]) -> str:
        said, target, anchor = found[1], found[2], found[3] or ""
        place = _page(here, target)
        if place is None:
            return said
        start = posixpath.dirname(page.file.src_uri)
        return f"[{said}]({posixpath.relpath(place, start or '.')}{anchor})"

    return _outside_code(markdown, lambda text: _LINK.sub(led, text))


def _folder(place: str) -> Path:
    """The folder whose files a page's links mean."""
    section, _, name = place.partition("/")
    if section == "examples" and not (ROOT / "docs" / place).is_file():
        return ROOT / "examples" / name.removesuffix(".md")
    return (ROOT / "docs" / place).parent


def _page(folder: Path, target: str) -> str | None:
    """Where a linked file is on the site; None where it is not on it."""
    file = Path(posixpath.normpath((folder / target).as_posix()))
    if not file.suffix:
        return None
    if file.name == "README.md" and file.parent.parent == ROOT / "examples":
        return f"examples/{file.parent.name}.md"
    try:
        return file.relative_to(ROOT / "docs").as_posix()
    except ValueError:
        return None


def _section(place: str) -> str:
    head, slash, _ = place.partition("/")
    return head if slash else BELONGS.get(place, "")


def _outside_code(text: str, change: Any) -> str:
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(part if part.startswith("```") else change(part) for part in parts)
