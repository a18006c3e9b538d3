"""The site of the documentation: all pages, no link that leads nowhere, nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LOADED = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?(https?:)?//""")


@pytest.fixture(scope="module")
def site() -> Path:
    built = subprocess.run(
        [ROOT / "tools" / "docs.sh", "build"], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return ROOT / ".site"


def test_every_page_is_there(site: Path) -> None:
    wanted = {f"{page.relative_to(ROOT / 'docs').with_suffix('.html')}"
              for page in ROOT.glob("docs/**/*.md")}  # fmt: skip
    wanted |= {f"examples/{page.parent.name}.html" for page in ROOT.glob("examples/*/README.md")}
    assert wanted <= {str(page.relative_to(site)) for page in site.glob("**/*.html")}


def test_pages_of_the_repository_link_each_other_on_the_site(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="examples/nyc_taxi.html"' in text
    assert 'href="../examples' not in text
    assert "../guides/" in (site / "examples" / "nyc_taxi.html").read_text(encoding="utf-8")


def test_it_works_offline(site: Path) -> None:
    pages = [*site.glob("**/*.html")]
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        found = [m.group() for m in _LOADED.finditer(text) if 'rel="canonical"' not in m.group()]
        assert found == [], page
