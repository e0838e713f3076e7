"""How many files and connections this process may have open at once."""

from __future__ import annotations

import contextlib

from parsepy.cli.messages import warn

FEW = 4096
"""So few descriptors are worth a warning."""
RESERVED = 256
"""Descriptors for the database, files and outgoing requests."""
_ENOUGH = 1_048_576


def raise_limit() -> int | None:
    """Raise the soft limit of descriptors to the hard one; return it, None where there is none.

    Warns of a low one.
    """
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    found = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if found == resource.RLIM_INFINITY:
        return None
    if found < FEW:
        warn(
            f"this process may open {found} files and connections only: raise the limit "
            "(`ulimit -n`, LimitNOFILE= of systemd)"
        )
    return found


def most_connections(wanted: int, descriptors: int | None) -> int:
    """How many connections there may be: as many as wanted, or as the descriptors allow."""
    if descriptors is None:
        return wanted
    return max(16, min(wanted, descriptors - min(RESERVED, descriptors // 2)))
