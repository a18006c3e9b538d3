"""One part, and names of licences by SPDX."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any
from urllib.parse import quote

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Component:
    """A package, a jar or a crate.

    `part` is what needs it: `tidemill`, a server, an environment, or the package that carries it.
    `licence` is an SPDX expression where it is known, else the text that its author gave, or None.
    `sha256` is of the file that is fetched, where a lock names it.
    """

    name: str
    version: str
    purl: str
    part: str
    licence: str | None = None
    sha256: tuple[str, ...] = ()
    needs: tuple[str, ...] = field(default=())
    """The purls of the parts that it needs itself, where they are known."""

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name, "version": self.version, "licence": self.licence,
            "part": self.part, "purl": self.purl,
        }  # fmt: skip


def pypi_purl(name: str, version: str) -> str:
    """The package URL of a Python distribution."""
    return f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{quote(version)}"


_SPDX = {
    "mit": "MIT", "mit license": "MIT", "the mit license": "MIT", "mit-0": "MIT-0",
    "the mit license (mit)": "MIT",
    "expat": "MIT",
    "apache-2.0": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache 2": "Apache-2.0",
    "apache software license": "Apache-2.0", "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0", "apache license version 2.0": "Apache-2.0",
    "the apache license, version 2.0": "Apache-2.0",
    "the apache software license, version 2.0": "Apache-2.0", "apache": "Apache-2.0",
    "apache license v2.0": "Apache-2.0", "asl 2.0": "Apache-2.0",
    "bsd-2-clause": "BSD-2-Clause", "bsd 2-clause license": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause", "bsd 3-clause license": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause", "3-clause bsd license": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause", "bsd-3-clause license": "BSD-3-Clause",
    "edl 1.0": "BSD-3-Clause", "eclipse distribution license - v 1.0": "BSD-3-Clause",
    "epl 2.0": "EPL-2.0", "eclipse public license v2.0": "EPL-2.0",
    "eclipse public license - v 2.0": "EPL-2.0", "epl-2.0": "EPL-2.0",
    "eclipse public license, version 2.0": "EPL-2.0",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gpl2 w/ cpe": "GPL-2.0-only WITH Classpath-exception-2.0",
    "lgpl-3.0-only": "LGPL-3.0-only", "isc": "ISC", "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "mpl-2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0", "psf-2.0": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense", "cc0": "CC0-1.0", "cc0-1.0": "CC0-1.0",
    "public domain, per creative commons cc0": "CC0-1.0", "zlib": "Zlib",
    "go license": "BSD-3-Clause", "bouncy castle licence": "MIT",
}  # fmt: skip
"""How authors write what SPDX has a name for."""

_IDS = frozenset({*_SPDX.values(), "0BSD", "Unlicense"})
_ID = re.compile(r"[A-Za-z][A-Za-z0-9.]*(?:-[A-Za-z0-9.]+)+")
_ADDRESSES = (
    (re.compile(r"apache\.org/licenses/license-2\.0"), "Apache-2.0"),
    (re.compile(r"opensource\.org/licenses/mit|licenses/mit-license"), "MIT"),
    (re.compile(r"bsd-3-clause"), "BSD-3-Clause"),
    (re.compile(r"bsd-2-clause|simplified bsd|bsd 2"), "BSD-2-Clause"),
    (re.compile(r"epl-2\.0|epl-v20"), "EPL-2.0"),
    (re.compile(r"apache.*2(?:\.0)?\b"), "Apache-2.0"),
    (re.compile(r"^mit\b"), "MIT"),
)


def spdx(text: str | None) -> str | None:
    """The SPDX expression that a text names, or the text itself; None for none."""
    if text is None:
        return None
    plain = " ".join(text.split()).strip(" .\"'")
    if not plain or plain.upper() in ("UNKNOWN", "DUAL LICENSE") or len(plain) > 200:
        return None
    found = _SPDX.get(plain.lower())
    if found is not None:
        return found
    for pattern, name in _ADDRESSES:
        if pattern.search(plain.lower()) and " OR " not in plain and " AND " not in plain:
            return name
    return plain


def is_expression(licence: str) -> bool:
    """Whether a licence can be written as an SPDX expression."""
    parts = [part.strip() for part in re.split(r" (?:OR|AND|WITH) |[()]", licence)]
    return all(part in _IDS or _ID.fullmatch(part) for part in parts if part)
