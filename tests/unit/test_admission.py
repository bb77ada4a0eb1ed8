"""Admission: what the license names and what fits runs; the rest is refused with its reason."""

import pytest

from threatweaver.plugins import admission
from threatweaver.plugins.admission import Grounds, Verdict, refuse
from threatweaver.plugins.manifest import Manifest


def manifest(name="appsec", *, kernel_api=">=1.0,<2", requires=(), module_id=None, prefix=None, fault=None):
    return Manifest(
        name=name,
        package=f"threatweaver_{name}",
        entry_point=None,
        module_id=module_id or name,
        title=name,
        prefixes=(prefix or f"/{name}",),
        kernel_api=kernel_api,
        requires=tuple(requires),
        version="1.0",
        fault=fault,
    )


def decide(*manifests, licensed=None, **grounds):
    """Name → (verdict, reason)."""
    names = {item.module_id for item in manifests} if licensed is None else licensed
    found = admission.decide(manifests, Grounds(licensed=names.__contains__, **grounds))
    return {item.manifest.name: (item.verdict.value, item.reason) for item in found}


def test_the_license_decides():
    found = decide(manifest("appsec", module_id="app_sec"), manifest("scan"), licensed={"scan"})
    assert found == {
        "appsec": ("unlicensed", "module app_sec is not in the license"),
        "scan": ("admitted", "licensed"),
    }


def test_an_operator_may_switch_a_module_off():
    found = decide(manifest("appsec", module_id="app_sec"), disabled={"app_sec"})
    assert found == {"appsec": ("disabled", "an operator switched it off")}


def test_a_wrong_manifest_is_its_reason():
    assert decide(manifest(fault="manifest.toml: unknown key x")) == {
        "appsec": ("misfit", "manifest.toml: unknown key x")
    }


@pytest.mark.parametrize("span", [">=2", "<1.0", "==0.9", ">=1.1", "~=2.0"])
def test_a_plugin_of_another_kernel_is_refused(span):
    verdict, reason = decide(manifest(kernel_api=span))["appsec"]
    assert (verdict, reason) == ("misfit", f"it needs kernel API {span}; this kernel has 1.0")


def test_a_range_that_is_none_is_said():
    assert decide(manifest(kernel_api="new"))["appsec"] == ("misfit", "kernel_api 'new' is no version range")


def test_an_unlicensed_plugin_may_be_as_wrong_as_it_likes():
    wrong = manifest(kernel_api="new", requires=["nothing"])
    assert decide(wrong, licensed=set())["appsec"][0] == "unlicensed"


@pytest.mark.parametrize("licensed", [{"appsec"}, {"appsec", "other"}])
def test_a_missing_or_unlicensed_requirement_is_named(licensed):
    found = decide(manifest("appsec", requires=["assets"]), manifest("assets"), licensed=licensed)
    assert found["appsec"] == ("unmet", "it requires assets, which does not run: install and license it")


def test_what_requires_the_refused_is_refused_all_the_way():
    chain = [manifest("a"), manifest("b", requires=["a"]), manifest("c", requires=["b"]), manifest("d")]
    found = decide(*chain, disabled={"a"})
    assert [found[name][0] for name in "abcd"] == ["disabled", "unmet", "unmet", "admitted"]
    decisions = admission.decide(chain, Grounds(licensed=lambda _: True))
    late = refuse(decisions, "b", Verdict.BROKEN, "it raised")
    assert [item.verdict.value for item in late] == ["admitted", "broken", "unmet", "admitted"]


def test_a_requirement_that_is_there_is_fine():
    found = decide(manifest("appsec", requires=["assets"]), manifest("assets"))
    assert {verdict for verdict, _ in found.values()} == {"admitted"}


@pytest.mark.parametrize(
    ("second", "claim"),
    [
        ({"prefix": "/appsec"}, "prefix /appsec"),
        ({"module_id": "appsec"}, "module appsec"),
    ],
)
def test_of_two_with_one_claim_neither_runs_and_the_rest_does(second, claim):
    found = decide(manifest("appsec"), manifest("zz", **second), manifest("scan"))
    assert found == {
        "appsec": ("misfit", f"{claim} is claimed by zz, too"),
        "zz": ("misfit", f"{claim} is claimed by appsec, too"),
        "scan": ("admitted", "licensed"),
    }


def test_two_with_one_name():
    found = admission.decide([manifest(), manifest()], Grounds(licensed=lambda _: True))
    assert [(item.verdict, item.reason) for item in found] == [
        (Verdict.MISFIT, "name appsec is claimed by appsec, too")
    ] * 2


def test_a_prefix_of_the_kernel():
    found = decide(manifest(prefix="/auth"), reserved={"/auth"})
    assert found["appsec"] == ("misfit", "prefix /auth belongs to the kernel")


def test_what_the_license_and_the_sources_say():
    assert decide(manifest(), constrained=lambda _: "too new")["appsec"] == ("misfit", "too new")
    assert decide(manifest(), foreign=lambda _: "imports x")["appsec"] == ("misfit", "imports x")
