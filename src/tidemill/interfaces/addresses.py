"""Addresses of servers that a user names, and those among them that nothing is sent to.

A project's servers may stand on this machine or in a private network, so those are no reason to
refuse. What no server of a user's is at: link-local addresses, where clouds answer with a machine's
own credentials, their other metadata addresses, multicast, and "any address".
"""

from __future__ import annotations

import ipaddress

from tidemill.errors import ProjectError

_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254")
)


def on_this_machine(host: str | None) -> bool:
    """Whether a name is one of this machine's own, where no proxy stands between; None is not."""
    return host in ("localhost", "127.0.0.1", "::1")


def refuse_address(host: str, address: str) -> None:
    """Raise ProjectError where `host` leads to an `address` (IPv4 or IPv6) that is refused."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    refused = found.is_link_local or found.is_multicast or found.is_unspecified
    if refused or found in _METADATA:
        raise ProjectError(
            f"`{host}` leads to {address}, where no server of yours can be",
            code="project.refused-address",
            hint="Link-local and metadata addresses give a machine's credentials away; name the "
            "server's own address.",
        )
