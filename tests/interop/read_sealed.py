"""Reads a sealed file, as docs/format.md says and with nothing else.

Usage: read_sealed.py FILE KEY, where KEY is the data key in hexadecimal. Prints the contents. Whatever is wrong, its name
is printed to stderr as ErrorKind has it, and the exit status is 1. Whose cache it is, is not judged here.
"""

import hashlib
import re
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ID = rb"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}"


def check(condition, kind="Damaged"):
    if not condition:
        sys.exit(kind)


def number(data):
    return int.from_bytes(data, "big")


def derive(key, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def read(file, key):
    check(len(file) >= 12 and file[:8] == b"\x89SEALED\n")
    version, end = number(file[8:10]), number(file[10:12])
    check(20 <= end <= len(file))
    header = file[:end]
    check(hashlib.sha256(header[:-8]).digest()[:8] == header[-8:])
    check(version <= 1, "UnsupportedVersion")
    check(version == 1 and 124 <= end)
    generation, salt, commitment = number(header[12:20]), header[36:68], header[68:100]
    body = number(header[100:108])
    check(1 <= generation < 2**63 and body <= 2**30)
    fields, at = [], 108
    for size in (1, 1, 1, 2):
        start = at + size
        at = start + number(header[at:start])
        fields.append(header[start:at])
    application, name, protector, data = fields
    check(at == end - 8 and len(data) <= 4096)
    check(re.fullmatch(ID, application) and re.fullmatch(ID, name))
    check(re.fullmatch(rb"[a-z0-9._-]{1,64}", protector))
    check(len(file) == end + body + 16)
    check(derive(key, salt, b"sealed-cache v1 commitment") == commitment, "WrongKey")
    try:
        return AESGCM(derive(key, salt, b"sealed-cache v1 key")).decrypt(bytes(12), file[end:], header)
    except InvalidTag:
        check(False)


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as opened:
        sys.stdout.buffer.write(read(opened.read(), bytes.fromhex(sys.argv[2])))
