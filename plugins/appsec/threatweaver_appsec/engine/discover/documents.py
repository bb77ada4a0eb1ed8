"""Documents that describe what can be asked, told apart by what they say, not by their names."""

from threatweaver_appsec.engine.discover import graphql, har, openapi, plain, postman
from threatweaver_appsec.engine.discover.leads import Lead


def recognize(body: bytes, url: str, base: str = "") -> list[Lead]:
    """Return the leads of an OpenAPI document, a GraphQL schema, a Postman collection or a HAR; else none.

    `url` is where the document was found; of a document that was supplied, `base` is the target.
    """
    head = body[:200].lstrip()[:1]
    yaml = head not in {b"{", b"["} and (b"openapi" in body[:4_000] or b"swagger" in body[:4_000])
    if not yaml and head not in {b"{", b"["}:
        return []
    document = plain.load(body, yaml=yaml)
    if openapi.is_openapi(document):
        return openapi.leads(document, url, base)
    if graphql.is_schema(document):
        return graphql.leads(document, url)
    if postman.is_postman(document):
        return postman.leads(document, base or url)
    if har.is_har(document):
        return har.leads(document)
    return []
