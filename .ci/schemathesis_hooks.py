"""Gives schemathesis what the OpenAPI description cannot: members to sign in as, and their own ids.

Members come and go: a case may sign its member out, deactivate or delete them, so nobody is used for longer than a
moment. Who is refused is tested as well: schemathesis repeats what succeeded without and with broken credentials.
"""

import itertools
import os
import urllib.parse

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

PASSWORD = "correct horse battery"
# What `cargo run` takes as the operations token; `samconfig.toml` says so.
OPERATIONS_TOKEN = "local-operations-token"

numbers = itertools.count(1)
turns = itertools.count(1)


class Member:
    """Someone who has just registered and signed in."""

    def __init__(self, base_url):
        users = urllib.parse.urljoin(base_url, "/users/")
        name = f"fuzz{os.getpid()}-{next(numbers)}"
        new = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
        registered = requests.post(f"{users}register/", json=new, timeout=10)
        registered.raise_for_status()
        self.id = registered.json()["id"]
        signed_in = requests.post(f"{users}login/", json={"username": name, "password": PASSWORD}, timeout=10)
        signed_in.raise_for_status()
        self.session = signed_in.cookies["sessionid"]


def schemes(operation):
    """The names of the security schemes that an operation accepts."""
    return {name for way in operation.definition.raw.get("security", []) for name in way}


@schemathesis.auth(refresh_interval=1)
class Credentials:
    """Signs a case in the way that its operation accepts."""

    def get(self, case, context):
        return Member(case.operation.base_url)

    def set(self, case, member, context):
        accepted = schemes(case.operation)
        if "operations" in accepted:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {OPERATIONS_TOKEN}"}
        elif "session" in accepted:
            case.cookies = {**(case.cookies or {}), "sessionid": member.session}
        # Most generated ids are nobody's. Every other case gets the member's own, unless the id is meant to be wrong.
        broken = case.meta is not None and case.meta.is_negative_at(ParameterLocation.PATH)
        if "user_id" in (case.path_parameters or {}) and not broken and next(turns) % 2:
            case.path_parameters["user_id"] = member.id
