"""Writes a sealed file, as docs/format.md says and with nothing else.

Usage: write_sealed.py FILE KEY APPLICATION NAME, where KEY is the data key in hexadecimal, which the program brings
(`caller-key`). The contents come from stdin.
"""

import hashlib
import os
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(key, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def sized(data, size=1):
    return len(data).to_bytes(size, "big") + data


def write(contents, key, application, name):
    salt = os.urandom(32)
    fixed = (1).to_bytes(8, "big") + os.urandom(16) + salt + derive(key, salt, b"sealed-cache v1 commitment")
    texts = sized(application) + sized(name) + sized(b"caller-key") + sized(b"", 2)
    rest = fixed + len(contents).to_bytes(8, "big") + texts
    header = b"\x89SEALED\n" + (1).to_bytes(2, "big") + (12 + len(rest) + 8).to_bytes(2, "big") + rest
    header += hashlib.sha256(header).digest()[:8]
    return header + AESGCM(derive(key, salt, b"sealed-cache v1 key")).encrypt(bytes(12), contents, header)


if __name__ == "__main__":
    path, key, application, name = sys.argv[1:]
    sealed = write(sys.stdin.buffer.read(), bytes.fromhex(key), application.encode(), name.encode())
    with open(path, "wb") as opened:
        opened.write(sealed)
