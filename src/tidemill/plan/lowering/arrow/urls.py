"""URLs as `java.net.URL` and `java.net.URLDecoder` read them."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import pyarrow as pa

from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError, per_value
from tidemill.records import dataclass

_HANDLED = ("http", "https", "ftp", "file", "mailto")
_NOT_FOLLOWED = ("jar", "jrt", "jmod")
_PROTOCOL = re.compile("[a-zA-Z][a-zA-Z0-9.+-]*")
_HEX = re.compile("%([0-9a-fA-F]{2})")


class _MalformedError(Exception):
    """Java knows no such URL."""


@dataclass(frozen=True, slots=True)
class _Url:
    protocol: str
    authority: str | None
    user_info: str | None
    host: str
    path: str
    query: str | None
    ref: str | None

    def part(self, name: str) -> str | None:
        parts = {
            "HOST": self.host,
            "PATH": self.path,
            "QUERY": self.query,
            "REF": self.ref,
            "PROTOCOL": self.protocol,
            "FILE": self.path if self.query is None else f"{self.path}?{self.query}",
            "AUTHORITY": self.authority,
            "USERINFO": self.user_info,
        }
        return parts.get(name)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> _Url | None:
    try:
        return _read(text)
    except _MalformedError:
        return None


def _read(text: str) -> _Url:
    spec = text.strip("".join(map(chr, range(33))))
    if spec[:4].lower() == "url:":
        spec = spec[4:]
    protocol, colon, rest = spec.partition(":")
    if not colon or "/" in protocol or not _PROTOCOL.fullmatch(protocol):
        raise _MalformedError
    protocol = protocol.lower()
    if protocol in _NOT_FOLLOWED:
        raise BadValueError(f"PARSE_URL does not read {protocol}: URLs")
    if protocol not in _HANDLED:
        raise _MalformedError
    rest, hash_, fragment = rest.partition("#")
    if protocol == "mailto":
        return _mail(rest)
    return _hierarchical(protocol, rest, fragment if hash_ else None)


def _mail(address: str) -> _Url:
    if not address.strip():
        raise _MalformedError
    path, mark, query = address.rpartition("?")
    return _Url("mailto", None, None, "", path if mark else query, query if mark else None, None)


def _hierarchical(protocol: str, rest: str, ref: str | None) -> _Url:
    rest, mark, query = rest.partition("?")
    authority, user_info, host = None, None, ""
    if rest.startswith("//") and not rest.startswith("////"):
        authority, slash, path = rest[2:].partition("/")
        path = slash + path
        user_info, host = _authority(authority)
    else:
        path = rest
    return _Url(protocol, authority, user_info, host, path, query if mark else None, ref)


def _authority(authority: str) -> tuple[str | None, str]:
    """User and host; the port must be a number where there is one."""
    if authority.count("@") > 1:
        return None, ""
    user, at, host = authority.rpartition("@")
    if host.startswith("["):
        inside, bracket, port = host[1:].partition("]")
        if not bracket or len(inside) < 2 or (port and not port.startswith(":")):
            raise _MalformedError
        _check_address(inside)
        host, port = f"[{inside}]", port[1:]
    else:
        host, _, port = host.partition(":")
    if port and not re.fullmatch("[+-]?[0-9]{1,9}|[+]?2147483647", port):
        raise _MalformedError
    if port.startswith("-") and int(port) < -1:
        raise _MalformedError
    return (user if at else None), host


def _check_address(text: str) -> None:
    if "%" in text:
        raise BadValueError("PARSE_URL does not read an address with a scope")
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        raise _MalformedError from None


def _parse_url(text: str, part: str) -> str | None:
    url = _parsed(text)
    return None if url is None else url.part(part)


def _parse_query(text: str, part: str, key: str) -> str | None:
    query = _parse_url(text, part) if part == "QUERY" else None
    found = None if query is None else re.search(f"(?:&|\\A){re.escape(key)}=([^&]*)", query)
    return None if found is None else found[1]


def _url_decode(text: str) -> str | None:
    """NULL where a % is not followed by two hexadecimal digits."""
    for at in (found.start() for found in re.finditer("%", text)):
        if not _HEX.match(text, at):
            digits = text[at + 1 : at + 3]
            odd = not digits.isascii() and all(map(_may_be_a_digit, digits))
            if odd or re.match("[+-][0-9a-fA-F]", digits):  # Java's parseInt may take them
                raise BadValueError(f"URL_DECODE cannot read {text!r} for certain")
            return None
    runs = re.split("((?:%[0-9a-fA-F]{2})+)", text.replace("+", " "))
    decoded = (
        unquote_to_bytes(run).decode("utf-8", "replace") if run.startswith("%") else run
        for run in runs
    )
    return "".join(decoded)


def _may_be_a_digit(character: str) -> bool:
    """Whether Java's Character.digit reads it in base 16, if only as a digit of another script."""
    return character.isdecimal() or unicodedata.normalize("NFKC", character) in "abcdefABCDEF"


FUNCTIONS: ArrowTable = {
    "flink_parse_url": ArrowFunction(
        ("VARCHAR", "VARCHAR"), "VARCHAR", per_value(_parse_url, pa.string())
    ),
    "flink_parse_url_query": ArrowFunction(
        ("VARCHAR", "VARCHAR", "VARCHAR"), "VARCHAR", per_value(_parse_query, pa.string())
    ),
    "flink_url_decode": ArrowFunction(("VARCHAR",), "VARCHAR", per_value(_url_decode, pa.string())),
}
