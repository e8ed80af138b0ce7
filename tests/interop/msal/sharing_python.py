"""Speaks for MSAL Python and its extensions, as `sharing.py` says. With the argument `without-portalocker` that optional
library is not there, and the extensions lock by the mere existence of a file.
"""

import json
import sys

WITHOUT_PORTALOCKER = "without-portalocker" in sys.argv[1:]
if WITHOUT_PORTALOCKER:
    sys.modules["portalocker"] = None

import msal  # noqa: E402
import msal_extensions  # noqa: E402
from msal_python import Provider  # noqa: E402
from sharing import Driver, Watched, serve  # noqa: E402

assert (msal_extensions.CrossPlatLock.__module__ == "msal_extensions.filelock") == WITHOUT_PORTALOCKER


class Python(Driver):
    searches = False

    def open(self, layout):
        self.store = Watched(self._store(**layout), self.log)
        self.cache = msal_extensions.PersistedTokenCache(self.store)

    def _store(self, kind, path, **more):
        if kind == "file":
            return msal_extensions.FilePersistence(path)
        names = {"schema": "schema_name", "attributes": "attributes", "label": "label"}
        given = {names[name]: value for name, value in more.items()}
        return msal_extensions.LibsecretPersistence(path, **given)

    def search_first(self):
        """From now on, look for each token before it is added, as an application does."""
        self.searches = True

    def add(self, event, now):
        if self.searches:
            query = {"client_id": event["client_id"]}
            list(self.cache.search("AccessToken", target=event["scope"], query=query, now=now))
        self.cache.add(event, now=now)

    def list(self):
        # A search reloads; nothing has no account, so that nothing is removed by it.
        list(self.cache.search("Account", query={"home_account_id": ""}))
        return json.loads(self.cache.serialize())

    def remove_account(self, home, environment, client):
        application = msal.PublicClientApplication(
            client,
            authority=f"https://{environment}/t1",
            token_cache=self.cache,
            http_client=Provider(),
            instance_discovery=False,
        )
        application.remove_account({"home_account_id": home, "environment": environment})

    def load(self):
        try:
            return self.store.load()
        except msal_extensions.persistence.PersistenceNotFound:
            return None

    def save(self, text):
        self.store.save(text)

    def modified(self):
        return self.store.time_last_modified()


if __name__ == "__main__":
    serve(Python())
