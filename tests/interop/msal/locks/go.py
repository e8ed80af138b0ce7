"""A model of the lock of the MSAL extensions for Go (microsoft-authentication-extensions-for-go) on Unix.

It is written from a description of what they do, and proves as much as that description is right. They open `X.lockfile`
whether it exists or not, take `flock` without waiting, try every 10 ms for 5 s, write `{PID} {PROGRAM}` over what is
there, and on release unlock the file first and remove it then: in between, another one can lock a file that is then gone.
"""

import contextlib
import fcntl
import os
import sys
import time

import section


def open_locked(path):
    """The open file, or None if somebody else has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def take(path):
    end = time.monotonic() + 5
    while (descriptor := open_locked(path)) is None:
        if time.monotonic() > end:
            raise TimeoutError("5 s")
        time.sleep(0.01)
    os.write(descriptor, f"{{{os.getpid()}}} {{{sys.argv[0]}}}".encode())
    try:
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def main(path):
    section.run(lambda: take(path), lambda descriptor: section.names(path, descriptor))


if __name__ == "__main__":
    main(sys.argv[1])
