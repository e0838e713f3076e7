"""The end of a listener: nobody who has connected is cut off, and nobody else gets in."""

import contextlib
import ctypes
import select
import socket
import struct
import sys

_SO_ATTACH_FILTER = 26
# A filter in the kernel's language (BPF) for the packets of a listener: those that ask for a new
# connection (SYN in TCP's flags) are dropped, all others pass.
_DROP_SYN = (
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x45, 0, 1, 0x02),  # has it SYN? then the next line, else the one after it
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # pass
)


def refuse_more(listener: socket.socket) -> None:
    """Let nobody else into the queue of a listener that is about to be closed.

    A queue that is closed is reset, so it must be empty then. On Linux requests for a connection
    get no reply from now on; clients repeat them a second later, when they are refused, or taken by
    the server that has come in the place of this one. Elsewhere the queue is only made short.
    """
    with contextlib.suppress(OSError):  # it is closed already
        if sys.platform == "linux":
            code = b"".join(struct.pack("HBBI", *line) for line in _DROP_SYN)
            kept = ctypes.create_string_buffer(code)
            program = struct.pack("@HP", len(_DROP_SYN), ctypes.addressof(kept))
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        else:
            listener.listen(0)


def has_come(thing: socket.socket) -> bool:
    """Has something come on a socket that nobody has read or accepted yet?"""
    try:
        asked = select.poll()
        asked.register(thing.fileno(), select.POLLIN)
        return bool(asked.poll(0))
    except (OSError, ValueError, AttributeError):  # closed, or Windows
        return False
