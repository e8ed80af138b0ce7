"""Writes the files in which Go's azidentity keeps a cache on Linux, by the description of the format alone.

Usage: write_azidentity.py one FILE KEY: the contents come from stdin, KEY is the key of 32 bytes in hexadecimal.
       write_azidentity.py all FOLDER: one file for each way of being right or wrong, always the same, with KEY below.
"""

import base64
import json
import os
import sys

from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY = bytes(range(32))
VECTOR = bytes(range(16, 32))
CONTENTS = b'{"RefreshToken":{"key":{"secret":"a refresh token"}}}'
HEADER = {"alg": "dir", "enc": "A128CBC-HS256", "kid": "123456789"}


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def padded(contents):
    padder = padding.PKCS7(128).padder()
    return padder.update(contents) + padder.finalize()


def write(contents=CONTENTS, key=KEY, vector=VECTOR, header=HEADER, blocks=None, associated=b"", alter=list):
    """`alter` changes the parts before they become text, after the tag was made."""
    encryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(vector)).encryptor()
    sealed = encryptor.update(padded(contents) if blocks is None else blocks) + encryptor.finalize()
    mac = hmac.HMAC(key[:16], hashes.SHA256())
    mac.update(associated + vector + sealed + (8 * len(associated)).to_bytes(8, "big"))
    header = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return b".".join(map(text, alter([header, b"", vector, sealed, mac.finalize()[:16]])))


def replaced(at, change):
    def alter(parts):
        return [change(part) if index == at else part for index, part in enumerate(parts)]

    return alter


def flipped(part):
    return part[:-1] + bytes([part[-1] ^ 1])


def without(name):
    return {key: value for key, value in HEADER.items() if key != name}


def every_file():
    good = write()
    parts = good.split(b".")
    return {
        "good": good,
        "good_whole_blocks": write(CONTENTS.ljust(64)),
        "good_without_contents": write(b""),
        "good_other_members_in_header": write(header={"zzz": [1], **HEADER}),
        "empty": b"",
        "plain_json": CONTENTS,
        "one_part": parts[0],
        "four_parts": b".".join(parts[:4]),
        "six_parts": good + b".",
        "key_part_not_empty": write(alter=replaced(1, lambda _: b"key")),
        "header_not_base64url": b"!" + good,
        "header_not_json": write(header=b"not json"),
        "header_is_a_list": write(header=b"[]"),
        "header_without_alg": write(header=without("alg")),
        "header_without_enc": write(header=without("enc")),
        "header_other_alg": write(header={**HEADER, "alg": "A128KW"}),
        "header_other_enc": write(header={**HEADER, "enc": "A256GCM"}),
        "vector_too_short": write(alter=replaced(2, lambda part: part[:-1])),
        "vector_too_long": write(alter=replaced(2, lambda part: part + b"\0")),
        "vector_altered": write(alter=replaced(2, flipped)),
        "contents_padded_base64": b".".join([*parts[:3], parts[3] + b"=", parts[4]]),
        "contents_standard_base64": b".".join([*parts[:3], b"+/" + parts[3][2:], parts[4]]),
        "contents_empty": write(blocks=b""),
        "contents_not_whole_blocks": write(alter=replaced(3, lambda part: part[:-1])),
        "contents_a_block_less": write(alter=replaced(3, lambda part: part[:-16])),
        "contents_altered": write(alter=replaced(3, flipped)),
        "tag_too_short": write(alter=replaced(4, lambda part: part[:-1])),
        "tag_too_long": write(alter=replaced(4, lambda part: part + b"\0")),
        "tag_altered": write(alter=replaced(4, flipped)),
        "padding_zero": write(blocks=bytes(16)),
        "padding_too_long": write(blocks=bytes([17]) * 32),
        "padding_uneven": write(blocks=bytes(13) + bytes([2, 3, 3])),
        "other_key": write(key=bytes(32)),
        "halves_of_key_exchanged": write(key=KEY[16:] + KEY[:16]),
        "header_authenticated": write(associated=parts[0]),
        "line_end_added": good + b"\n",
    }


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    if what == "all":
        files = {os.path.join(where, f"{name}.jwe"): data for name, data in every_file().items()}
    else:
        files = {where: write(sys.stdin.buffer.read(), bytes.fromhex(rest[0]), os.urandom(16))}
    for path, data in files.items():
        with open(path, "wb") as opened:
            opened.write(data)
