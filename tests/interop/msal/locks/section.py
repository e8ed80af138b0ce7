"""What every process of the fleet does: take the lock, say who else is inside, give it back.

Whoever is inside has a file of its name in one folder, made after the lock was taken and removed before it is given back. A
look into that folder at the start and at the end of a section tells with whom it overlapped.

Arguments: the lock file, that folder, the kind of process, how many sections. Answers, a line each:

    ready                                and then it waits for a line
    section NAME HELD WAITED [OTHER...]  HELD: 1 if the lock file still was its own at the end; WAITED: milliseconds
    failed REASON
"""

import os
import random
import sys
import time

INSIDE = 0.003
BETWEEN = 0.03


def run(take, is_held):
    """`take()` is a context that holds the lock; `is_held(what it gave)` whether the lock file still is its own."""
    folder, kind, sections = sys.argv[2], sys.argv[3], int(sys.argv[4])
    say("ready")
    sys.stdin.readline()
    for number in range(sections):
        time.sleep(random.random() * BETWEEN)
        name, started = f"{kind}.{os.getpid()}.{number}", time.monotonic()
        try:
            with take() as taken:
                waited = int((time.monotonic() - started) * 1000)
                met = inside(folder, name)
                held = is_held(taken)
                os.unlink(os.path.join(folder, name))
                say("section", name, int(held), waited, *sorted(met))
        except TimeoutError as error:
            say("failed", error)


def inside(folder, name):
    open(os.path.join(folder, name), "x").close()
    met = set(os.listdir(folder))
    time.sleep(INSIDE)
    return (met | set(os.listdir(folder))) - {name}


def names(path, descriptor):
    """Whether the path still names the file that is open."""
    try:
        named = os.stat(path)
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)


def say(*words):
    print(*words, flush=True)
