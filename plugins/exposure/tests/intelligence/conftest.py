"""Snapshots that a trusted key signs, and a space that trusts it."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent))

from intel_desk import Desk

from threatweaver import app as application
from threatweaver_exposure.engine.intel_snapshot import key_text


@pytest.fixture(scope="session")
def signer():
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def packed():
    return {}


@pytest.fixture
async def desk(kernel, space, signer, packed, tmp_path_factory):
    """Who packs snapshots and hands them in to a tenant without data."""
    own = {**kernel.registry.settings["exposure"], "intel_keys": key_text(signer.public_key())}
    registry = replace(kernel.registry, settings={**kernel.registry.settings, "exposure": own})
    trusting = application.build(replace(kernel, registry=registry))
    async with TestClient(TestServer(trusting)) as client:
        yield Desk(
            space=replace(space, client=client),
            key=signer,
            made=packed,
            folder=tmp_path_factory.mktemp("intel"),
        )
