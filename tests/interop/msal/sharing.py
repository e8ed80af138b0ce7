"""What the Python drivers of tests/msal_sharing/ have in common: a command on each line of standard input and its answer on
a line of standard output, both JSON; the log of what a writer saw and stored; and the loop of a writer.

    {"do": "open", "layout": {"kind": "file", "path": "..."}, "log": true}   ->  {"ok": null}  or  {"error": "..."}
    {"do": "add", "event": {...}, "now": 1790000000}      a token response, through the library's own path
    {"do": "list"}                                        the whole cache, as the library has loaded it
    {"do": "remove_account", "home": "u1.t1", ...}
    {"do": "load"}, {"do": "save", "text": "..."}, {"do": "modified"}       the store alone
    {"do": "loop", "writer": "python0", "count": 20, "seconds": 5, "event": {...}}

A line of the log is one access to the store: `before` and `after` by the clock of the system, in nanoseconds, `op` (load,
save, added, failed) and `ids`, the scopes of the access tokens that were in it: each writer asks for scopes of its own.
"""

import json
import random
import sys
import time
import traceback


def ids_of(text):
    """The scopes of the access tokens in this text; None where it is not whole."""
    try:
        tokens = (json.loads(text) if text else {}).get("AccessToken", {})
    except ValueError:
        return None
    return sorted(entry["target"] for entry in tokens.values())


class Log:
    """Kept in memory until it is asked for: writing it down would slow down the writer."""

    def __init__(self):
        self.lines = []

    def access(self, op, work, text=None, of_result=False):
        """Do this work, and note when, and which ids were in the text."""
        before = time.time_ns()
        result = work()
        after = time.time_ns()
        self.lines.append({"op": op, "before": before, "after": after, "ids": ids_of(result if of_result else text)})
        return result

    def note(self, op, before, **more):
        self.lines.append({"op": op, "before": before, "after": time.time_ns(), **more})


class Watched:
    """A store of a library, of which each load and save is noted."""

    def __init__(self, store, log):
        self._store, self._log = store, log

    def __getattr__(self, name):
        return getattr(self._store, name)

    def load(self):
        return self._log.access("load", self._store.load, of_result=True)

    def save(self, text):
        return self._log.access("save", lambda: self._store.save(text), text)


class Driver:
    """Each method without an underscore is a command. A child class has open, add, list, ..."""

    def __init__(self):
        self.log = Log()

    def loop(self, writer, count, seconds, event, pause=0.0):
        """Add so many entries, one at a time, for at most so many seconds."""
        end, added = time.monotonic() + seconds, 0
        dice = random.Random(writer)
        for number in range(count):
            if time.monotonic() > end:
                break
            name, before = f"{writer}.{number}", time.time_ns()
            try:
                self.add(dict(event, scope=[name], response=dict(event["response"], scope=name)), int(time.time()))
            except Exception as error:  # Whatever it is: the test judges.
                self.log.note("failed", before, id=name, error=f"{type(error).__name__}: {error}")
            else:
                self.log.note("added", before, id=name)
                added += 1
            time.sleep(pause * dice.random())
        lines, self.log.lines[:] = list(self.log.lines), []
        return {"added": added, "log": lines}


def serve(driver):
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"ok": getattr(driver, command.pop("do"))(**command)}
        except Exception as error:  # As above.
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
