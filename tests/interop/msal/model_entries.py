"""What the models of MSAL.NET, MSAL4J and MSAL Go store of a token response: their keys, and the members that differ."""

import base64
import json
from urllib.parse import urlsplit


def _decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def entries(sdk, event, now):
    """Section, key and entry of each thing that the response brings. `sdk` is dotnet, java or go."""
    response, client = event["response"], event["client_id"]
    where = urlsplit(event["token_endpoint"])
    host, realm = where.netloc, where.path.split("/")[1]
    info = _decoded(response["client_info"])
    home = f"{info['uid']}.{info['utid']}"
    common = {"home_account_id": home, "environment": host}
    target = " ".join(sorted(event["scope"]))

    def key(kind, *parts):
        return "-".join([home, host, kind, *parts]).lower()

    token = common | {
        "credential_type": "AccessToken",
        "client_id": client,
        "secret": response["access_token"],
        "realm": realm,
        "target": target,
        "cached_at": str(now),
        "expires_on": str(now + response["expires_in"]),
        "extended_expires_on": str(now + response["expires_in"]),
    }
    token |= {
        "dotnet": {"ext_expires_on": token["extended_expires_on"], "client_info": response["client_info"]},
        "java": {},
        "go": {"token_type": "Bearer"},
    }[sdk]
    yield "AccessToken", key("accesstoken", client, realm, target), token
    if "refresh_token" in response:
        refresh = common | {"credential_type": "RefreshToken", "client_id": client, "secret": response["refresh_token"]}
        yield "RefreshToken", key("refreshtoken", client, *([] if sdk == "go" else ["", ""])), refresh
    claims = {}
    if "id_token" in response:
        claims = _decoded(response["id_token"].split(".")[1])
        identity = common | {
            "credential_type": "IdToken",
            "client_id": client,
            "secret": response["id_token"],
            "realm": realm,
        }
        yield "IdToken", key("idtoken", client, realm, *([] if sdk == "go" else [""])), identity
    account = common | {
        "realm": realm,
        "local_account_id": claims.get("oid", info["uid"]),
        "username": claims.get("preferred_username", ""),
        "authority_type": "MSSTS",
    }
    if sdk == "dotnet":
        account["client_info"] = response["client_info"]
    name = f"{home}-{host}-{realm}"
    yield "Account", name if sdk == "dotnet" else name.lower(), account
    if sdk != "java":
        yield "AppMetadata", f"appmetadata-{host}-{client}".lower(), {"client_id": client, "environment": host}
