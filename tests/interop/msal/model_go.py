"""A MODEL of microsoft-authentication-extensions-for-go on MSAL Go: see `model.py`.

It reads without a lock, for up to a second until the text parses, and only where the time of modification is not that of its
own last look. It makes the new text before it takes the lock, and never reads under it.
"""

import json
import os
import time

import model_store
from model import Model
from sharing import serve

import go  # of the folder `locks`


class Go(Model):
    sdk = "go"

    def _store(self, kind, path, **more):
        if kind == "file":
            return model_store.InPlace(path, signals=True)
        return model_store.item(path, **more)

    def _time(self):
        return os.stat(self.path).st_mtime_ns if os.path.exists(self.path) else None

    def _read(self):
        end, time_of_file = time.monotonic() + 1, self._time()
        while time_of_file is not None and time_of_file != self.stamp:
            try:
                self.tree, self.stamp = self._parse(self.store.load()), time_of_file
            except ValueError:
                if time.monotonic() > end:
                    raise TimeoutError("context deadline exceeded") from None
                time.sleep(0.01)
        return self.tree

    def _change(self, work):
        work(self._read())
        text = json.dumps(self.tree, ensure_ascii=False, separators=(",", ":"))
        with go.take(f"{self.path}.lockfile"):
            self.store.save(text)
            self.stamp = self._time()


if __name__ == "__main__":
    serve(Go())
