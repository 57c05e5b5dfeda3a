"""How this process and the worker inside the namespace talk: length-prefixed lists over pipes."""

from __future__ import annotations

import struct
from typing import IO, Any

import msgspec

NOT_HERE = " is not in PATH, /usr/sbin or /sbin"  # after the name of a program
_LENGTH = struct.Struct("!I")


def send(pipe: IO[bytes], *message: Any) -> None:
    """Write one message: a request's name and its arguments, or an answer's error and what came of it."""
    data = msgspec.msgpack.encode(message)
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> list[Any]:
    """Read one message; an empty one where the other end has gone."""
    head = pipe.read(_LENGTH.size)
    data = pipe.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    return msgspec.msgpack.decode(data, type=list[Any]) if data else []
