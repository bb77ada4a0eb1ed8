"""Constraints on tenants and plugins: what a license may say, and what it means."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from threatweaver_licensing import Claims, LicenseMalformed, PluginConstraint, trial_claims

CLAIMS = trial_claims(now=datetime(2030, 1, 1, tzinfo=UTC))
PAYLOAD = CLAIMS.to_payload()
DIGEST = "0123456789abcdef" * 4


class TestTenants:
    def test_on_the_wire(self):
        tenants = {"max": 3, "names": ["acme", "globex-2"]}
        found = Claims.from_payload(PAYLOAD | {"tenants": tenants})
        assert (found.tenants_max, found.tenant_names) == (3, ("acme", "globex-2"))
        assert found.to_payload()["tenants"] == tenants

    def test_a_license_without_names_looks_as_ever(self):
        assert PAYLOAD["tenants"] == {"max": None}
        assert Claims.from_payload(PAYLOAD | {"tenants": {"max": None, "names": None}}) == CLAIMS

    @pytest.mark.parametrize("slug", ["a", "7", "a-b", "a" * 63, "a--b"])
    def test_slugs(self, slug):
        assert Claims.from_payload(PAYLOAD | {"tenants": {"names": [slug]}}).tenant_names == (slug,)

    @pytest.mark.parametrize(
        "names",
        [
            [],
            "acme",
            {},
            5,
            True,
            [""],
            [5],
            [None],
            [["acme"]],
            ["Acme"],
            ["-a"],
            ["a-"],
            ["a b"],
            ["a\n"],
            ["a" * 64],
            ["ä"],
            ["acme", "acme"],
        ],
    )
    def test_wrong_names(self, names):
        with pytest.raises(LicenseMalformed) as caught:
            Claims.from_payload(PAYLOAD | {"tenants": {"names": names}})
        assert caught.value.field == "tenants.names"

    def test_more_names_than_tenants(self):
        names = ("a", "b")
        assert replace(CLAIMS, tenants_max=2, tenant_names=names).tenant_names == names
        with pytest.raises(LicenseMalformed, match="more tenants than"):
            replace(CLAIMS, tenants_max=1, tenant_names=names)

    @pytest.mark.parametrize("names", [["a"], (), {"a"}, "a"])
    def test_a_value_cannot_be_built_wrong(self, names):
        with pytest.raises(LicenseMalformed):
            replace(CLAIMS, tenant_names=names)


class TestPlugins:
    def test_on_the_wire(self):
        plugins = [
            {"name": "threatweaver-exposure", "versions": ">=1.2,<2"},
            {"name": "acme", "versions": "==1.*", "sha256": DIGEST},
        ]
        found = Claims.from_payload(PAYLOAD | {"plugins": plugins})
        assert found.plugins == (
            PluginConstraint(name="threatweaver-exposure", versions=">=1.2,<2"),
            PluginConstraint(name="acme", versions="==1.*", sha256=DIGEST),
        )
        assert found.to_payload()["plugins"] == plugins

    def test_a_license_without_constraints_looks_as_ever(self):
        assert "plugins" not in PAYLOAD
        assert Claims.from_payload(PAYLOAD | {"plugins": []}) == CLAIMS

    def test_found_by_any_spelling(self):
        constraint = PluginConstraint(name="threatweaver-exposure", versions=">=1")
        claims = replace(CLAIMS, plugins=(constraint,))
        for name in ("threatweaver-exposure", "Threatweaver_Exposure", "threatweaver.-_exposure"):
            assert claims.constraint_on(name) is constraint
        assert claims.constraint_on("threatweaver") is None

    @pytest.mark.parametrize(
        "plugins",
        [
            None,
            {},
            "acme",
            5,
            ["acme"],
            [None],
            [{}],
            [{"name": "acme"}],
            [{"versions": ">=1"}],
            [{"name": "acme", "versions": ">=1", "hash": DIGEST}],
            [{"name": "Acme", "versions": ">=1"}],
            [{"name": "a_b", "versions": ">=1"}],
            [{"name": "-a", "versions": ">=1"}],
            [{"name": "", "versions": ">=1"}],
            [{"name": 5, "versions": ">=1"}],
            [{"name": "acme", "versions": ">=1", "sha256": DIGEST.upper()}],
            [{"name": "acme", "versions": ">=1", "sha256": DIGEST[1:]}],
            [{"name": "acme", "versions": ">=1", "sha256": 5}],
            [{"name": "acme", "versions": ">=1"}, {"name": "acme", "versions": "<2"}],
        ],
    )
    def test_wrong_constraints(self, plugins):
        with pytest.raises(LicenseMalformed) as caught:
            Claims.from_payload(PAYLOAD | {"plugins": plugins})
        assert caught.value.field.split(".")[0] in {"plugins", "name", "versions", "hash"}

    @pytest.mark.parametrize("plugins", [[], None, ({"name": "acme", "versions": ">=1"},)])
    def test_a_value_cannot_be_built_wrong(self, plugins):
        with pytest.raises(LicenseMalformed):
            replace(CLAIMS, plugins=plugins)


GOOD = [
    ">=1",
    ">=1.2,<2",
    ">=1.2, <2",
    "==1.2.3",
    "==1.*",
    "!=1.5.*",
    "~=1.4",
    "~=2.0.1rc1",
    ">=1!2.0",
    ">2024.01,<=2024.12",
    "==1.0a1.post2.dev3",
]
BAD = [
    "",
    " ",
    "1.2",
    "=1",
    "=>1",
    "===1.0",
    ">=",
    ">=1,",
    ",>=1",
    ">=1,,<2",
    "~=1",
    ">=1.*",
    "~=1.*",
    "==1.0+local",
    ">=v1",
    ">=1.0-1",
    ">= 1",
    ">=1 ",
    ">=1,\t<2",
    ">=1\n",
    "*",
    "==*",
    ">=1.0alpha1",
    ">=1;python_version>'3'",
    ">=" + "1" * 10,
    ">=1.1.1.1.1.1.1",
    ">=1," * 40 + ">=1",
    "\u0661",
    ">=\u0661",
    5,
    None,
    [">=1"],
]


class TestVersions:
    @pytest.mark.parametrize("versions", GOOD)
    def test_good(self, versions):
        assert PluginConstraint(name="acme", versions=versions).versions == versions
        SpecifierSet(versions)

    @pytest.mark.parametrize("versions", BAD)
    def test_bad(self, versions):
        with pytest.raises(LicenseMalformed, match=r"^The license is malformed\. plugins\.versions: "):
            PluginConstraint(name="acme", versions=versions)


NUMBER = st.from_regex(r"[0-9]{1,4}", fullmatch=True)
VERSION = st.lists(NUMBER, min_size=1, max_size=4).map(".".join)
SUFFIX = st.sampled_from(
    ["", "a1", "rc2", ".post1", ".dev3", "b1.post2.dev3", ".*", "+x", "-1", "alpha", "!"]
)
PART = st.builds(
    "{}{}{}".format, st.sampled_from([">=", "<=", "==", "!=", "<", ">", "~=", "==="]), VERSION, SUFFIX
)


@given(parts=st.lists(PART, min_size=1, max_size=3))
@example(parts=[">=1", "<2"])
def test_what_is_accepted_is_a_specifier_of_pep_440(parts):
    versions = ",".join(parts)
    try:
        PluginConstraint(name="acme", versions=versions)
    except LicenseMalformed:
        return
    SpecifierSet(versions)
