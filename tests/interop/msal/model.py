"""What the models of MSAL.NET, MSAL4J and MSAL Go have in common. Speaks as `sharing.py` says.

A MODEL, not the real library: none of the three can be had from a registry that the tests may use. Each is written from the
description of what its source does with a store: which lock it takes and when, when it reads anew, how it writes.
"""

import json
import os
import sys

from model_entries import entries
from sharing import Driver, Watched

# The models of the locks, which have tests of their own.
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "locks"))

SECTIONS = ("AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata")


class Model(Driver):
    sdk = None

    def open(self, layout):
        self.path = layout["path"]
        self.store = Watched(self._store(**layout), self.log)
        self.tree, self.stamp = {}, None

    def _store(self, kind, **more):
        """The store of this SDK."""
        raise NotImplementedError

    def _change(self, work):
        """Call this with the tree of the newest cache, and store it, as the SDK does."""
        raise NotImplementedError

    def _read(self):
        """The tree, read again where the SDK reads again."""
        raise NotImplementedError

    def _parse(self, text):
        return json.loads(text) if text else {}

    def add(self, event, now):
        def put(tree):
            for section, key, entry in entries(self.sdk, event, now):
                section = tree.setdefault(section, {})
                section[key] = section.get(key, {}) | entry

        self._change(put)

    def remove_account(self, home, environment, client):
        def belongs(entry):
            return entry.get("home_account_id") == home and entry.get("client_id", client) == client

        def take(tree):
            for section in set(SECTIONS) & set(tree):
                tree[section] = {key: entry for key, entry in tree[section].items() if not belongs(entry)}

        self._change(take)

    def list(self):
        return self._read()

    def load(self):
        return self.store.load() or None

    def save(self, text):
        self.store.save(text)

    def modified(self):
        return os.stat(self.path).st_mtime_ns
