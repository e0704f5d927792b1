"""Gives schemathesis what the OpenAPI description cannot: members to sign in as, and their own ids.

A case may sign its member out, deactivate or delete them, so after a write that succeeded the next case gets somebody
new. Who is refused is tested as well: schemathesis repeats what succeeded without and with broken credentials.
"""

import itertools
import os
import struct
import time
import urllib.parse
import zlib

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

PASSWORD = "correct horse battery"
# What `cargo run` takes as the operations token; `samconfig.toml` says so.
OPERATIONS_TOKEN = "local-operations-token"

numbers = itertools.count(1)
turns = itertools.count(1)


def png():
    """A picture of one pixel."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0\x28\x6e\xaa")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


class Member:
    """Someone who has just registered, signed in and set a picture."""

    def __init__(self, base_url):
        users = urllib.parse.urljoin(base_url, "/users/")
        name = f"fuzz{os.getpid()}-{next(numbers)}"
        http = requests.Session()
        new = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
        self.id = self.post(http, f"{users}register/", new)["id"]
        self.post(http, f"{users}login/", {"username": name, "password": PASSWORD})
        self.session = http.cookies["sessionid"]
        self.token = self.post(http, urllib.parse.urljoin(base_url, "/v1/token"), {})["access_token"]
        self.since = time.monotonic()
        uploaded = http.post(f"{users}avatar/", files={"avatar": ("me.png", png())}, timeout=10)
        uploaded.raise_for_status()
        self.picture = uploaded.json()["avatar_url"].rsplit("/", 1)[-1]

    @staticmethod
    def post(http, url, body):
        answer = http.post(url, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()


def schemes(operation):
    """The names of the security schemes that an operation accepts."""
    return {name for way in operation.definition.raw.get("security", []) for name in way}


class Members:
    """Whom cases are signed in as."""

    current = None

    @classmethod
    def any(cls, base_url):
        # An access token is good for a quarter of an hour.
        if cls.current is None or time.monotonic() - cls.current.since > 600:
            cls.current = Member(base_url)
        return cls.current

    @classmethod
    def forget(cls):
        cls.current = None


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Leaves out what is gone before it reaches a function: `/docs/%3Fx` is `/docs/`.

    API Gateway hands paths on decoded, and what then follows a question mark is lost.
    """
    parts = (urllib.parse.unquote(str(value)).split("?")[0] for value in (path_parameters or {}).values())
    return all(parts)


@schemathesis.hook
def after_call(context, case, response):
    # What nobody signs in for does nothing to whoever is signed in, and a new member takes two password hashes.
    if response.status_code < 300 and case.method != "GET" and schemes(case.operation) - {"operations"}:
        Members.forget()


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """Signs a case in the way that its operation accepts."""

    def get(self, case, context):
        return Members.any(case.operation.base_url)

    def set(self, case, member, context):
        accepted = schemes(case.operation)
        if "operations" in accepted:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {OPERATIONS_TOKEN}"}
        elif "session" in accepted:
            case.cookies = {**(case.cookies or {}), "sessionid": member.session}
        elif "token" in accepted:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {member.token}"}
        self.point_at(case, member)

    @staticmethod
    def point_at(case, member):
        """Most generated ids are nobody's. Every other case gets the member's own, unless it is meant to be wrong."""
        known = {"user_id": member.id, "filename": member.picture, "file": "page.css"}
        broken = case.meta is not None and case.meta.is_negative_at(ParameterLocation.PATH)
        if not broken and next(turns) % 2:
            for name in known.keys() & (case.path_parameters or {}).keys():
                case.path_parameters[name] = known[name]
