"""Keys: their files, ids, and the ring of trusted ones."""

import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from threatweaver_licensing import KeyRefused, KeyRing, LicenseError, PublicKey, generate_key
from threatweaver_licensing.keys import (
    algorithm_of,
    key_id,
    load_private,
    load_private_pem,
    load_ring,
    private_pem,
    public_pem,
    save_private,
    save_public,
)


@pytest.fixture(scope="module")
def edwards():
    return generate_key()


@pytest.fixture(scope="module")
def rsa_key():
    return generate_key("rsa")


def foreign_public(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def foreign_private(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


FOREIGN = [
    ec.generate_private_key(ec.SECP256R1()),
    ed448.Ed448PrivateKey.generate(),
    rsa.generate_private_key(public_exponent=65537, key_size=1024),
]


def test_the_algorithm_is_pinned_to_the_key(edwards, rsa_key):
    ring = KeyRing.from_pem(public_pem(edwards) + public_pem(rsa_key))
    assert [key.algorithm for key in ring] == ["EdDSA", "RS256"]
    assert rsa_key.key_size == 3072
    with pytest.raises(KeyRefused):
        PublicKey("k" * 16, "RS256", edwards.public_key())
    with pytest.raises(KeyRefused):
        PublicKey("k" * 16, "EdDSA", rsa_key.public_key())


def test_the_key_id_is_known():
    pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    key = PublicKey.from_pem(pem + "-----END PUBLIC KEY-----\n")  # the key of RFC 8032, test 1
    assert key.kid == "BuP9j9opu2CrWVV9"


@pytest.mark.parametrize("key", FOREIGN, ids=["p256", "ed448", "rsa1024"])
def test_other_kinds_of_key_are_refused(key):
    with pytest.raises(KeyRefused):
        KeyRing.from_pem(foreign_public(key))
    with pytest.raises(KeyRefused):
        load_private_pem(foreign_private(key))
    with pytest.raises(KeyRefused):
        algorithm_of(key)


class TestPrivateFile:
    @pytest.mark.parametrize("passphrase", [None, "correct horse"])
    def test_comes_back(self, tmp_path, edwards, passphrase):
        save_private(tmp_path / "a.key", edwards, passphrase)
        loaded = load_private(tmp_path / "a.key", passphrase)
        assert key_id(loaded.public_key()) == key_id(edwards.public_key())

    def test_the_owner_alone_may_read(self, tmp_path, edwards):
        save_private(tmp_path / "a.key", edwards)
        assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600

    def test_nothing_is_overwritten(self, tmp_path, edwards):
        for save in (save_private, save_public):
            (tmp_path / "a").write_text("mine")
            with pytest.raises(FileExistsError):
                save(tmp_path / "a", edwards)
        assert (tmp_path / "a").read_text() == "mine"

    def test_a_link_is_not_followed(self, tmp_path, edwards):
        (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(FileExistsError):
            save_private(tmp_path / "a.key", edwards)
        assert not (tmp_path / "elsewhere").exists()

    @pytest.mark.parametrize(("written", "read"), [("right", "wrong"), ("right", None), (None, "right")])
    def test_wrong_passphrase(self, edwards, written, read):
        with pytest.raises(KeyRefused):
            load_private_pem(private_pem(edwards, written), read)

    def test_an_encrypted_key_is_encrypted(self, edwards):
        assert "BEGIN ENCRYPTED PRIVATE KEY" in private_pem(edwards, "right")

    @pytest.mark.parametrize(
        "text", ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
    )
    def test_garbage(self, text):
        with pytest.raises(KeyRefused):
            load_private_pem(text)


class TestRing:
    def test_files_and_concatenated_texts(self, tmp_path, edwards, rsa_key):
        save_public(tmp_path / "a.pub", edwards)
        (tmp_path / "b.pub").write_text(
            "# the old one\n" + public_pem(rsa_key) + "\n\n" + public_pem(edwards)
        )
        ring = load_ring(tmp_path / "a.pub", tmp_path / "b.pub")
        kids = {key_id(edwards.public_key()), key_id(rsa_key.public_key())}
        assert {key.kid for key in ring} == kids
        assert len(ring) == 2
        assert all(kid in ring and ring.find(kid).kid == kid for kid in kids)

    def test_empty(self):
        assert len(KeyRing()) == 0
        assert KeyRing().find("x") is None

    def test_a_key_cut_short_does_not_vanish(self, edwards, rsa_key):
        with pytest.raises(KeyRefused):
            KeyRing.from_pem(public_pem(edwards) + public_pem(rsa_key)[:100])

    def test_a_private_key_is_refused(self, edwards):
        with pytest.raises(KeyRefused):
            KeyRing.from_pem(private_pem(edwards))
        with pytest.raises(KeyRefused):
            KeyRing.from_pem(public_pem(edwards) + private_pem(edwards))

    @pytest.mark.parametrize("text", ["", "\n", "garbage", "# only a comment"])
    def test_a_text_without_a_key_is_refused(self, text):
        with pytest.raises(KeyRefused):
            KeyRing.from_pem(text)

    def test_a_broken_key_is_refused(self, edwards):
        with pytest.raises(KeyRefused):
            KeyRing.from_pem(public_pem(edwards).replace("MCow", "AAAA"))


def test_a_bad_key_is_a_fault_of_the_set_up_not_of_a_license():
    assert not issubclass(KeyRefused, LicenseError)
