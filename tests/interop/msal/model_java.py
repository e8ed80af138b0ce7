"""A MODEL of msal4j-persistence-extension on MSAL4J: see `model.py`.

To write, it takes its lock, which is one for the whole folder, and reads the store again. To read, it does so only where the
time of modification is another one.
"""

import json
import os

import model_store
from model import Model
from sharing import serve

import java  # of the folder `locks`


class Java(Model):
    sdk = "java"

    def _store(self, kind, path, **more):
        if kind == "file":
            return model_store.Renamed(path)
        open(path, "ab").close()
        return model_store.item(path, **more)

    def _time(self):
        """In milliseconds; Java has none for a file that is not there, and says so by zero."""
        return os.stat(self.path).st_mtime_ns // 1_000_000 if os.path.exists(self.path) else 0

    def _change(self, work):
        with java.take(java.path_beside(self.path)):
            self.tree = self._parse(self.store.load())
            work(self.tree)
            self.store.save(json.dumps(self.tree, ensure_ascii=False, separators=(",", ":")))
            self.stamp = self._time()

    def _read(self):
        if self._time() != self.stamp:
            with java.take(java.path_beside(self.path)):
                self.tree, self.stamp = self._parse(self.store.load()), self._time()
        return self.tree


if __name__ == "__main__":
    serve(Java())
