"""A snapshot as it looks, for whoever tries the API out: nobody has its key any more, so it is refused."""

from threatweaver.sdk import Example

_SNAPSHOT = (
    b'{"format":"threatweaver-intel/1","feed":"osv","published":"2024-01-01T00:00:00Z","sh'
    b'a256":"7bbb87388e64670bc855a58e89cfd08e2b9c23d0a202b02410828cd8e158cd28","records":1'
    b"}"
    b"\n"
    b'{"key": "DybQBe64_VnOCKs9", "signature": "zwTJ9d65MKDf-OEdVnhmL2YYUXF9NuIHeA6NubmJzY'
    b'ejJqIigJNOgYveVNN-D7Hv9hTTs_R65iJaTp8vpqLJDQ=="}'
    b"\n"
    b'{"id":"GHSA-6vm3-jj99-7229","aliases":["CVE-2020-36567"]}'
    b"\n"
)
SNAPSHOT = Example(
    data=_SNAPSHOT,
    headers={"X-Filename": "osv.intel", "Content-Type": "application/octet-stream"},
)
