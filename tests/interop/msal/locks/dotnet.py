"""A model of the lock of MSAL.NET (Microsoft.Identity.Client.Extensions.Msal) on Unix.

No .NET runs here: this is written from a description of what it does, and proves as much as that description is right.
It opens `X.lockfile` whether it exists or not, takes `flock` without waiting, tries 600 times every 100 ms, writes a byte
order mark, its process id, its name and a line feed over what is there, and on release removes the file first and closes
it then. Newer runtimes look, after they have the lock, whether the path still names the file, and open it again if not;
older ones (`--old`) do not.
"""

import contextlib
import fcntl
import os
import sys
import time

import section


def open_locked(path, looks_again):
    """The open file, or None if somebody else has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if looks_again and not section.names(path, descriptor):
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def take(path, looks_again=True):
    for _ in range(600):
        descriptor = open_locked(path, looks_again)
        if descriptor is not None:
            break
        time.sleep(0.1)
    else:
        raise TimeoutError("60 s")
    os.write(descriptor, f"\ufeff{os.getpid()} dotnet\n".encode())
    try:
        yield descriptor
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.close(descriptor)


def main(path):
    looks_again = "--old" not in sys.argv
    section.run(lambda: take(path, looks_again), lambda descriptor: section.names(path, descriptor))


if __name__ == "__main__":
    main(sys.argv[1])
