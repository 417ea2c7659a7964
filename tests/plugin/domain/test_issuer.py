"""An issuer's record is checked when it is registered: exact addresses, and nothing that does not fit together."""

from typing import Any

import pytest

from plugin.domain.errors import BadInput
from plugin.domain.issuer import ClientAuth, checked, host_of, origin_of
from tests.contract.storage.given import an_issuer

SECRET = {"client_auth": ClientAuth.SECRET, "client_secret": "s3cret"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fhir_base": "http://127.0.0.1:8080/fhir", "oidc_issuer": "http://localhost:8080"},
        {"fhir_base": "http://[::1]:8080/fhir", "allowed_hosts": ("[::1]:8080", "127.0.0.1:8443")},
        {"fhir_base": "https://EHR.example/FHIR/R4"},
        {"oidc_issuer": "https://login.example/"},
        {"ehr_origins": ()},
        {"ehr_origins": ("https://ehr.example:8443", "http://127.0.0.1:9000")},
        {"scopes": ("launch", "patient/Patient.rs?_id=1")},
        {"least_role": "coach"},
        {"algorithm": "ES384", "client_auth": ClientAuth.KEY},
        SECRET,
    ],
)
def test_a_good_record_stays_as_it_is(changes: dict[str, Any]) -> None:
    """Nothing in it is rewritten: what a launch says must equal it byte by byte."""
    issuer = an_issuer(**changes)

    assert checked(issuer) == issuer


def test_one_trailing_slash_of_the_base_is_dropped() -> None:
    """As it is of what a launch says."""
    assert checked(an_issuer(fhir_base="https://ehr.example/fhir/")).fhir_base == "https://ehr.example/fhir"


BAD_ADDRESSES = [
    ("http://ehr.example/fhir", "must begin with https"),
    ("http://127.0.0.1.evil.example/fhir", "must begin with https"),
    ("http://localhost.evil.example/fhir", "must begin with https"),
    ("ftp://ehr.example/fhir", "must be a whole address"),
    ("ehr.example/fhir", "must be a whole address"),
    ("/fhir", "must be a whole address"),
    ("https:///fhir", "must be a whole address"),
    ("https://-ehr-/fhir", "must be a whole address"),
    ("https://ehr.example/fhir?x=1", "no query"),
    ("https://ehr.example/fhir?", "no query"),
    ("https://ehr.example/fhir#x", "no fragment"),
    ("https://ehr.example@evil.example/fhir", "no user name"),
    ("https://ehr.example\\@evil.example/fhir", "no blanks, backslashes"),
    ("https://ehr.example/a b", "no blanks"),
    ("https://ehr.example/\n", "no blanks"),
    ("https://\u0435hr.example/fhir", "letters that an address cannot have"),
    ("https://ehr.example:port/fhir", "cannot be read as an address"),
    ("https://[::1/fhir", "cannot be read as an address"),
    ("https://ehr.example/fhir//", "more than one slash"),
    ("", "must be a whole address"),
]


@pytest.mark.parametrize(("address", "words"), BAD_ADDRESSES)
@pytest.mark.parametrize(("field", "name"), [("fhir_base", "FHIR base"), ("oidc_issuer", "OIDC issuer")])
def test_addresses(field: str, name: str, address: str, words: str) -> None:
    """A whole one, by https; by http on this machine alone. The complaint names the field."""
    address = f"{address}/" if address.endswith("//") and field == "fhir_base" else address

    with pytest.raises(BadInput, match=f"The {name} .*{words}"):
        checked(an_issuer(**{field: address}))


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("https://ehr.example/", "without a path: https://ehr.example"),
        ("https://ehr.example/chart", "without a path: https://ehr.example"),
        ("https://EHR.example", "without a path: https://ehr.example"),
        ("https://ehr.example:443", "without a path: https://ehr.example"),
        ("http://127.0.0.1:80", "without a path: http://127.0.0.1"),
        ("http://ehr.example", "must begin with https"),
        ("https://*.example", "whole address"),
        ("*", "whole address"),
        ("null", "whole address"),
        ("'self'", "whole address"),
        ("https://ehr.example;script-src", "whole address"),
        ("https://ehr.example https://evil.example", "no blanks"),
        ("https://ehr.example?x", "without a path"),
    ],
)
def test_origins(origin: str, words: str) -> None:
    """As a browser says them: they stand in ``frame-ancestors``, where a blank or a star would let others in."""
    with pytest.raises(BadInput, match=words):
        checked(an_issuer(ehr_origins=("https://ehr.example", origin)))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://ehr.example",
        "ehr.example/x",
        "EHR.example",
        "*.example",
        "me@ehr.example",
        "ehr.example:",
        "ehr.example:0443",
        "ehr.example:x",
        "ehr.example:99999",
        "a b",
        "ehr.example?",
        "ehr.example\n",
    ],
)
def test_hosts(host: str) -> None:
    """``host`` or ``host:port``, no more."""
    with pytest.raises(BadInput, match="allowed host"):
        checked(an_issuer(allowed_hosts=("ehr.example", host)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slug": "E H R"}, "is no slug"),
        ({"client_id": ""}, "The client id"),
        ({"client_id": "a b"}, "The client id"),
        ({"algorithm": "HS256"}, "RS384 or ES384"),
        ({"algorithm": "none"}, "RS384 or ES384"),
        ({**SECRET, "client_secret": None}, "needs its secret"),
        ({**SECRET, "client_secret": ""}, "needs its secret"),
        ({"client_secret": "s3cret"}, "A public client has no secret"),
        ({"client_secret": "s3cret", "client_auth": ClientAuth.KEY}, "A private_key_jwt client has no secret"),
        ({"least_role": "surgeon"}, "least role 'surgeon' is none; there is: administrator,"),
        ({"least_role": ""}, "least role '' is none"),
        ({"scopes": ("openid", "a b")}, "The scope 'a b' is none"),
        ({"scopes": ("",)}, "The scope '' is none"),
    ],
)
def test_what_does_not_fit_together(changes: dict[str, Any], words: str) -> None:
    """Each complaint says what is wrong, and never shows the secret."""
    with pytest.raises(BadInput, match=words) as complaint:
        checked(an_issuer(**changes))

    assert "s3cret" not in str(complaint.value)


def test_where_an_address_lies() -> None:
    """What hosts and OIDC issuer are by default."""
    assert host_of("https://EHR.example:8443/fhir") == "ehr.example:8443"
    assert origin_of("https://EHR.example/fhir") == "https://ehr.example"
    with pytest.raises(BadInput):
        host_of("ehr.example")
