"""Write a file at once or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int | None = None) -> Path:
    """Write a file so that readers see the old content or all of the new; if anything fails, the old file stays.

    A link is followed; a device or a pipe is written to. A new file gets the permissions that the umask gives, an
    old one keeps its own, unless ``mode`` says which.

    Raises
    ------
    OSError
        If the folder is missing or cannot be written, or the disk is full.
    """
    if path.exists() and not path.is_file():  # /dev/stdout, a pipe: nothing to replace
        path.write_bytes(content)
        return path
    target = path.resolve()
    descriptor, temporary = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.name[:100]}-", suffix=".part"
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target) if mode is None else mode)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return path


def _mode(target: Path) -> int:
    with suppress(OSError):
        return target.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
