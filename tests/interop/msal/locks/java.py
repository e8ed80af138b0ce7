"""A model of the lock of MSAL Java (msal4j-persistence-extension) on Unix.

No Java runs here: this is written from a description of what it does, and proves as much as that description is right.
Its lock is one of the folder: `.lockfile`, whatever the name of the cache. It tries 60 times every 100 ms to create the
file; whether that worked or not it then opens the file and tries 60 times every 100 ms to get a record lock on it, writes
its process id and its host, and on release unlocks the file first and removes it then.
"""

import contextlib
import fcntl
import os
import socket
import sys
import time

import section


def path_beside(file):
    return os.path.join(os.path.dirname(file), ".lockfile")


def create(path):
    for _ in range(60):
        try:
            return os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            time.sleep(0.1)
    return None


def lock(file):
    for _ in range(60):
        try:
            return fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
    raise TimeoutError("6 s and 6 s")


@contextlib.contextmanager
def take(path):
    create(path)
    with open(path, "ab+", buffering=0) as file:
        lock(file)
        file.truncate(0)
        file.write(f"{os.getpid()} {socket.gethostname()}".encode())
        try:
            yield file.fileno()
        finally:
            fcntl.lockf(file, fcntl.LOCK_UN)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def main(path):
    section.run(lambda: take(path), lambda descriptor: section.names(path, descriptor))


if __name__ == "__main__":
    main(path_beside(sys.argv[1]))
