"""A MODEL of Microsoft.Identity.Client.Extensions.Msal on MSAL.NET: see `model.py`.

It holds its lock from before each access to after it, reads the whole store each time, and writes where the cache changed.
What it cannot parse it deletes.
"""

import json

import model_store
from model import Model
from sharing import serve

import dotnet  # of the folder `locks`


class DotNet(Model):
    sdk = "dotnet"

    def _store(self, kind, path, **more):
        if kind == "file":
            return model_store.InPlace(path)
        return model_store.item(path, matches_name=False, **more)

    def _load(self):
        try:
            self.tree = self._parse(self.store.load())
        except ValueError:
            self.store.save("")
            raise

    def _change(self, work):
        with dotnet.take(f"{self.path}.lockfile"):
            self._load()
            work(self.tree)
            self.store.save(json.dumps(self.tree, separators=(",", ":")))

    def _read(self):
        with dotnet.take(f"{self.path}.lockfile"):
            self._load()
        return self.tree


if __name__ == "__main__":
    serve(DotNet())
