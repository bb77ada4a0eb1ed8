"""/auth/public-key."""

from typing import Any

from threatweaver.auth.encryption import service
from threatweaver.auth.encryption.schemas import PublicKeyOut
from threatweaver.http.context import Context
from threatweaver.http.route import PUBLIC, RouteTable, Scope, bare

table = RouteTable(path="/auth/public-key", tag="Authentication")


@table.route("GET", permission=PUBLIC, returns=bare(PublicKeyOut), scope=Scope.NONE)
async def public_key(ctx: Context) -> dict[str, Any]:
    """Get today's public key, with which a client may encrypt passwords.

    Wherever a password is sent, a compact JWE (RSA-OAEP-256, A256GCM, header alg, enc and kid) of
    `{"password", "iat", "nonce"}` may stand instead; yesterday's key is honored too.
    """
    key = await service.current(ctx.kernel)
    return {**key.public_jwk, "expires": key.expires_at}
