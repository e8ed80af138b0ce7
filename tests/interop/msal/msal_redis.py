"""Speaks for a web application that keeps MSAL Python's cache in Redis, one for each person, as MSAL's documentation shows:
load it, use it, store it. A command on each line of standard input, its answer on a line of standard output, as
`msal_python.py`.
"""

import os
import sys
import time

import msal
import redis
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msal_python import serve

ACCESS_TOKEN = msal.TokenCache.CredentialType.ACCESS_TOKEN


class Peer:
    """Each method is a command."""

    def open(self, url, key=None):
        """With a key (hexadecimal), what is in Redis is sealed with AES-GCM."""
        self.redis = redis.Redis.from_url(url)
        self.cipher = AESGCM(bytes.fromhex(key)) if key else None
        self.redis.ping()
        return {"msal": msal.__version__, "redis": redis.__version__}

    def _load(self, name):
        cache, stored = msal.SerializableTokenCache(), self.redis.get(name)
        if stored is not None:
            opened = self.cipher.decrypt(stored[:12], stored[12:], None) if self.cipher else stored
            cache.deserialize(opened.decode())
        return cache

    def _store(self, name, cache):
        text = cache.serialize().encode()
        if self.cipher:
            nonce = os.urandom(12)
            text = nonce + self.cipher.encrypt(nonce, text, None)
        self.redis.set(name, text, px=3_600_000)

    def add(self, name, event, now):
        cache = self._load(name)
        cache.add(event, now=now)
        self._store(name, cache)

    def read(self, names, calls, target, query, now):
        """Find a token of one person after the other: seconds that it took."""
        begun = time.perf_counter()
        for number in range(calls):
            name = names[number % len(names)]
            found = next(self._load(name).search(ACCESS_TOKEN, target=target, query=query[name], now=now), None)
            assert found, f"no token of {name}"
        return time.perf_counter() - begun

    def update(self, name, event, now, scopes):
        """Add a token of each of these scopes, each by itself: seconds that it took."""
        begun = time.perf_counter()
        for scope in scopes:
            self.add(name, dict(event, scope=[scope]), now)
        return time.perf_counter() - begun

    def count(self, name):
        """How many access tokens there are."""
        return sum(1 for _ in self._load(name).search(ACCESS_TOKEN, query={}, now=0))


if __name__ == "__main__":
    serve(Peer())
