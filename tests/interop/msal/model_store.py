"""Where the models keep a cache: a file, or an item of the Secret Service and a file that signals its changes. Text in, text
out, as the extensions of MSAL.NET, MSAL4J and MSAL Go do it; where they differ is an argument."""

import base64
import os
import tempfile
import time


def touch(path):
    """The time of modification by the exact clock, which is not the one that a write goes by."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    now = time.time_ns()
    os.utime(path, ns=(now, now))


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode()
    except FileNotFoundError:
        return ""


class InPlace:
    """MSAL.NET and MSAL Go: the file is cut to nothing and written again."""

    def __init__(self, path, signals=False):
        self.path, self.signals = path, signals

    def load(self):
        return read_file(self.path)

    def save(self, text):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self.path, flags, 0o600), "wb") as file:
            file.write(text.encode())
        if self.signals:
            touch(self.path)


class Renamed:
    """MSAL4J: another file takes its place, for all to read."""

    def __init__(self, path):
        self.path = path
        open(path, "ab").close()

    def load(self):
        return read_file(self.path)

    def save(self, text):
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(self.path))
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        os.chmod(temporary, 0o644)
        os.rename(temporary, self.path)


class Item:
    """All three: the text as base64, and a label. MSAL.NET alone does not look at the name of the schema."""

    def __init__(self, path, schema, attributes, label, matches_name):
        import gi

        gi.require_version("Secret", "1")
        from gi.repository import Secret

        flags = Secret.SchemaFlags.NONE if matches_name else Secret.SchemaFlags.DONT_MATCH_NAME
        kinds = dict.fromkeys(attributes, Secret.SchemaAttributeType.STRING)
        self.path, self.secret, self.attributes, self.label = path, Secret, attributes, label
        self.schema = Secret.Schema.new(schema, flags, kinds)

    def load(self):
        text = self.secret.password_lookup_sync(self.schema, self.attributes, None)
        return base64.b64decode(text, validate=True).decode() if text else ""

    def save(self, text):
        encoded = base64.b64encode(text.encode()).decode()
        self.secret.password_store_sync(self.schema, self.attributes, "default", self.label, encoded, None)
        touch(self.path)


def item(path, schema="msal.cache", attributes=None, label="MSALCache", matches_name=True):
    return Item(path, schema, attributes or {}, label, matches_name)
