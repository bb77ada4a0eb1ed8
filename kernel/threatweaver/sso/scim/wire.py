"""SCIM's documents: resources, lists, and what the service says of itself."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from threatweaver.http.output import dumps

__all__ = ["CORE", "RESOURCE_TYPES", "SCHEMAS", "SERVICE", "dumps", "group", "listed", "user"]
CORE = "urn:ietf:params:scim:schemas:core:2.0"
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_BASE = "/api/scim/v2"


def user(row: asyncpg.Record) -> dict[str, Any]:
    """Return a user resource."""
    name = row["name"] or row["email"]
    return {
        "schemas": [f"{CORE}:User"],
        "id": row["id"],
        "externalId": row["external_id"],
        "userName": row["email"],
        "displayName": name,
        "name": {"formatted": name},
        "emails": [{"value": row["email"], "primary": True}],
        "active": row["active"],
        "meta": _meta("User", f"Users/{row['id']}", row["created_at"]),
    }


def group(row: asyncpg.Record) -> dict[str, Any]:
    """Return a group resource."""
    return {
        "schemas": [f"{CORE}:Group"],
        "id": row["id"],
        "externalId": row["external_id"],
        "displayName": row["display_name"],
        "members": [{"value": member} for member in row["members"]],
        "meta": _meta("Group", f"Groups/{row['id']}", row["created_at"]),
    }


def listed(resources: Sequence[dict[str, Any]], *, total: int, start: int) -> dict[str, Any]:
    """Return a list response; pages are counted from 1."""
    return {
        "schemas": [_LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def _meta(kind: str, path: str, created: Any) -> dict[str, Any]:
    return {"resourceType": kind, "location": f"{_BASE}/{path}", "created": created}


def _supported(*, yes: bool) -> dict[str, bool]:
    return {"supported": yes}


SERVICE = {
    "schemas": [f"{CORE}:ServiceProviderConfig"],
    "patch": _supported(yes=True),
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": 500},
    "changePassword": _supported(yes=False),
    "sort": _supported(yes=False),
    "etag": _supported(yes=False),
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "API token",
            "description": "An API token with the scope kernel:scim:write, as a bearer token.",
        }
    ],
}

RESOURCE_TYPES = [
    {
        "schemas": [f"{CORE}:ResourceType"],
        "id": kind,
        "name": kind,
        "endpoint": f"/{kind}s",
        "schema": f"{CORE}:{kind}",
    }
    for kind in ("User", "Group")
]


def _attribute(
    name: str, kind: str = "string", *, required: bool = False, unique: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "multiValued": name in {"members", "emails"},
        "required": required,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "server" if unique else "none",
    }


SCHEMAS = [
    {
        "id": f"{CORE}:User",
        "name": "User",
        "attributes": [
            _attribute("userName", required=True, unique=True),
            _attribute("displayName"),
            _attribute("name", "complex"),
            _attribute("emails", "complex"),
            _attribute("active", "boolean"),
            _attribute("externalId"),
        ],
    },
    {
        "id": f"{CORE}:Group",
        "name": "Group",
        "attributes": [
            _attribute("displayName", required=True, unique=True),
            _attribute("members", "complex"),
            _attribute("externalId"),
        ],
    },
]
