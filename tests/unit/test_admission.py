"""Admission: what the license names runs, or start-up stops."""

import pytest

from threatweaver.plugins import admission
from threatweaver.plugins.admission import AdmissionError
from threatweaver.plugins.manifest import Manifest


def manifest(name="appsec", *, kernel_api=">=1.0,<2", requires=(), module_id=None):
    return Manifest(
        name=name,
        package=f"threatweaver_{name}",
        entry_point=None,
        module_id=module_id or name,
        title=name,
        prefixes=(f"/{name}",),
        kernel_api=kernel_api,
        requires=tuple(requires),
        version="1.0",
    )


def decide(*manifests, licensed):
    return {item.manifest.name: item.admitted for item in admission.decide(manifests, licensed.__contains__)}


def test_the_license_decides():
    found = decide(manifest("appsec"), manifest("scan"), licensed={"scan"})
    assert found == {"appsec": False, "scan": True}


def test_a_refusal_says_why():
    (decision,) = admission.decide([manifest("appsec", module_id="app_sec")], lambda _: False)
    assert decision.reason == "module app_sec is not in the license"


@pytest.mark.parametrize("span", [">=2", "<1.0", "==0.9", ">=1.1", "~=2.0"])
def test_a_licensed_plugin_of_another_kernel_stops_the_start(span):
    with pytest.raises(AdmissionError, match="plugin appsec needs kernel API"):
        decide(manifest(kernel_api=span), licensed={"appsec"})


def test_a_range_that_is_none_names_the_plugin():
    with pytest.raises(AdmissionError, match="plugin appsec: kernel_api 'new' is no version range"):
        decide(manifest(kernel_api="new"), licensed={"appsec"})


def test_an_unlicensed_plugin_may_be_as_wrong_as_it_likes():
    wrong = manifest(kernel_api="new", requires=["nothing"])
    assert decide(wrong, licensed=set()) == {"appsec": False}


@pytest.mark.parametrize("licensed", [{"appsec"}, {"appsec", "other"}])
def test_a_missing_or_unlicensed_requirement_is_named(licensed):
    plugins = [manifest("appsec", requires=["assets"]), manifest("assets")]
    with pytest.raises(AdmissionError, match="plugin appsec requires assets: install and license it"):
        decide(*plugins, licensed=licensed)


def test_a_requirement_that_is_there_is_fine():
    plugins = [manifest("appsec", requires=["assets"]), manifest("assets")]
    assert decide(*plugins, licensed={"appsec", "assets"}) == {"appsec": True, "assets": True}
