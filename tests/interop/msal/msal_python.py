"""Speaks for MSAL Python: a command on each line of standard input, its answer on a line of standard output, both JSON.

    {"do": "add", "event": {...}, "now": 1790000000}    ->  {"ok": null}  or  {"error": "ValueError: ..."}

Nothing here goes to the network: what MSAL asks for over HTTP is answered by `Provider`.
"""

import itertools
import json
import sys
import time
import warnings

import msal
from msal.token_cache import _compute_ext_cache_key

warnings.simplefilter("ignore", DeprecationWarning)

ALIASES = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]


class Answer:
    """What MSAL expects of an HTTP response."""

    def __init__(self, status, body):
        self.status_code, self.text, self.headers = status, json.dumps(body), {}

    def raise_for_status(self):
        assert self.status_code < 400, self.text


class Provider:
    """An identity provider that refuses every refresh token, or gives the answer it was told; it notes what it saw."""

    def __init__(self, answer=None):
        self.answer, self.seen = answer, []

    def get(self, url, **_):
        if "discovery/instance" in url:
            group = {"preferred_network": ALIASES[0], "preferred_cache": ALIASES[1], "aliases": ALIASES}
            return Answer(200, {"tenant_discovery_endpoint": url, "metadata": [group]})
        base = url.split("/v2.0/")[0]
        names = ("authorization_endpoint", "token_endpoint", "issuer")
        return Answer(200, {name: f"{base}/oauth2/v2.0/{name}" for name in names} | {"issuer": base + "/v2.0"})

    def post(self, _url, data=None, **_ignored):
        self.seen.append((data or {}).get("refresh_token"))
        if self.answer is not None:
            return Answer(200, self.answer)
        return Answer(400, {"error": "invalid_grant", "error_description": "refused"})

    def close(self):
        pass


class Peer:
    """Each method is a command."""

    def __init__(self):
        self.cache, self.text = msal.SerializableTokenCache(), None

    def deserialize(self, text):
        self.text = text
        self.cache.deserialize(text)

    def again(self):
        """Back to the text that was given last: a search removes what has expired."""
        self.cache.deserialize(self.text)

    def serialize(self):
        return self.cache.serialize()

    def reset(self):
        self.cache = msal.SerializableTokenCache()

    def add(self, event, now):
        self.cache.add(event, now=now)

    def search(self, type, target, query, now):
        return list(self.cache.search(type, target=target, query=query, now=now))

    def find_and(self, call, type, query, *arguments):
        """Call a method of the cache (update_rt, remove_at, ...) with each entry that is found."""
        found = list(self.cache.search(type, query=query, now=0))
        for entry in found:
            getattr(self.cache, call)(entry, *arguments)
        return len(found)

    def extended_key(self, parameters):
        return _compute_ext_cache_key(parameters)

    def application(self, client, authority, provider, discovery=False):
        return msal.PublicClientApplication(
            client, authority=authority, token_cache=self.cache, http_client=provider, instance_discovery=discovery
        )

    def silent(self, client, authority, account, scopes, answer=None, discovery=None):
        """acquire_token_silent: the token it returns, and the refresh tokens it tried, in order."""
        provider = Provider(answer)
        application = self.application(client, authority, provider, discovery)
        result = application.acquire_token_silent(scopes, account=account)
        return {"token": (result or {}).get("access_token"), "tried": provider.seen}

    def accounts(self, client, authority, discovery=None):
        return self.application(client, authority, Provider(), discovery).get_accounts()

    def sign_out(self, client, authority, account):
        self.application(client, authority, Provider()).remove_account(account)

    def time(self, rounds, batch, call, *arguments):
        """Seconds that one call takes, for each round. `call` is a method of `Timed`."""
        work = getattr(Timed(self.cache), call)(*arguments)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            for _ in range(batch):
                work()
            times.append((time.perf_counter() - start) / batch)
        return times


class Timed:
    """Works of the benchmark: each method returns a function to be timed."""

    def __init__(self, cache):
        self.cache = cache

    def first(self, type, target, query):
        return lambda: next(self.cache.search(type, target=target, query=query, now=0), None)

    def add(self, event, now):
        return lambda: self.cache.add(event, now=now)

    def add_new(self, event, now):
        """A token with other scopes each time."""
        number = itertools.count()
        return lambda: self.cache.add(dict(event, scope=[f"New.{next(number)}"]), now=now)

    def deserialize(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        return lambda: msal.SerializableTokenCache().deserialize(text)

    def serialize(self):
        return self.cache.serialize


def serve(peer):
    """Do what the lines say: each names a method of the peer."""
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"ok": getattr(peer, command.pop("do"))(*command.pop("with", []), **command)}
        except Exception as error:  # Whatever it is: the other side judges.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(Peer())
