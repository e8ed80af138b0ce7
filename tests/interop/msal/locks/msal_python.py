"""The real locks of MSAL Python (msal-extensions): the one that it has by itself, and with `--portalocker` the one that it
has where portalocker is installed."""

import contextlib
import os
import sys

import section

PATH = sys.argv[1]
WITH_PORTALOCKER = "--portalocker" in sys.argv

if WITH_PORTALOCKER:
    from msal_extensions.cache_lock import CrossPlatLock, LockError
else:
    from msal_extensions.filelock import CrossPlatLock, LockError


@contextlib.contextmanager
def take():
    try:
        lock = CrossPlatLock(PATH)
        taken = lock.__enter__()
    except LockError as error:
        raise TimeoutError(f"{type(error).__name__}") from error
    try:
        yield taken
    finally:
        lock.__exit__(None, None, None)


def is_held(taken):
    if WITH_PORTALOCKER:
        return section.names(PATH, taken.fileno())
    # It keeps no open file: whose it is, is what it says.
    try:
        with open(PATH, encoding="utf-8") as file:
            return file.read().startswith(f"{os.getpid()} ")
    except FileNotFoundError:
        return False


section.run(take, is_held)
