"""Tests of plugin/outbound/origin.py: threat row 16, addresses that lead out of the source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.errors import BadSettings, OutsideSource
from plugin.outbound import Origin, within

BASE = "https://ehr.example/fhir"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", BASE),
        ("Patient/1", f"{BASE}/Patient/1"),
        ("Task?_sort=_lastUpdated,_id", f"{BASE}/Task?_sort=_lastUpdated,_id"),
        (BASE, BASE),
        (f"{BASE}?_getpages=1", f"{BASE}?_getpages=1"),
        (f"{BASE}/Task?a=b&_getpagesoffset=20", f"{BASE}/Task?a=b&_getpagesoffset=20"),
        ("https://ehr.example:443/fhir/Task", "https://ehr.example:443/fhir/Task"),
        ("HTTPS://EHR.EXAMPLE/fhir/Task", "https://EHR.EXAMPLE/fhir/Task"),
        ("/fhir/Task", f"{BASE}/Task"),
        ("Task/../Patient/1", f"{BASE}/Patient/1"),
        ("Task?note=a/../b", f"{BASE}/Task?note=a/../b"),
        ("Task?code=a%2Fb%252e", f"{BASE}/Task?code=a%2Fb%252e"),
    ],
)
def test_own_addresses_are_asked(url: str, expected: str) -> None:
    """Threat 16: what lies under the base, relative or whole, however its host and port are written, is asked."""
    assert within(BASE, url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/fhir/Task",
        "//evil.example/fhir/Task",
        "///evil.example/fhir/Task",
        "http://ehr.example/fhir/Task",
        "https://ehr.example:8443/fhir/Task",
        "https://ehr.example:0/fhir/Task",
        "https://ehr.example:99999/fhir/Task",
        "https://ehr.example:x/fhir/Task",
        "https://ehr.example.evil.example/fhir/Task",
        "https://ehr.example./fhir/Task",
        "https://xehr.example/fhir/Task",
        "https://ehr.example@evil.example/fhir/Task",
        "https://user:secret@ehr.example/fhir/Task",
        "https://@ehr.example/fhir/Task",
        "https://ehr.example/fhirX/Task",
        "https://ehr.example/other/Task",
        "https://ehr.example/",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/fhir/..;/admin",
        "https://ehr.example/fhir/%2e%2e/admin",
        "https://ehr.example/fhir/%2E%2E/admin",
        "https://ehr.example/fhir/x%2f..%2f..%2fadmin",
        "https://ehr.example/fhir/%252e%252e/admin",
        "https://ehr.example/fhir/x%00",
        "../admin",
        "/admin",
        "..\\admin",
        "https://ehr.example\\@evil.example/fhir/Task",
        "https:\\\\evil.example\\fhir",
        "https://ehr.example/fhir/Task#fragment",
        "https://ehr.example/fhir/Task\r\nX-Evil: 1",
        "Task 1",
        "\thttps://evil.example/fhir",
        "https://evil\t.example/fhir",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/plain,x",
        "urn:uuid:2a7b1c9e-0000-4000-8000-000000000000",
        "https://[::1/fhir",
        "https://ehr.example℀/fhir",
    ],
)
def test_foreign_addresses_are_refused(url: str) -> None:
    """Threat 16: another scheme, host, port or path, look-alikes, user info, dot segments in any spelling, refused."""
    assert within(BASE, url) is None
    with pytest.raises(OutsideSource):
        Origin(BASE).address(url)


@given(st.text(max_size=40) | st.from_regex(r"(https?:)?//?[a-z@:./\\%2e?#]{0,30}", fullmatch=True))
def test_whatever_the_link_the_answer_is_under_the_base(url: str) -> None:
    """Threat 16: no text whatever gives an address outside the base, or an error of another kind."""
    address = within(BASE, url)

    assert (
        address is None or address == BASE or address.startswith((f"{BASE}/", f"{BASE}?")) or "EHR" in address.upper()
    )


def test_a_base_at_the_root_of_a_host_is_guarded_too() -> None:
    """Threat 16: a base without a path still holds to its host."""
    assert within("https://ehr.example", "Task/1") == "https://ehr.example/Task/1"
    assert within("https://ehr.example", "//evil.example/Task/1") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://hapi:8080/fhir?_getpages=7", f"{BASE}?_getpages=7"),
        ("http://hapi:8080/fhir/Task/1", f"{BASE}/Task/1"),
        ("http://hapi:8080/fhir", BASE),
    ],
)
def test_an_alias_is_rewritten_to_the_base(url: str, expected: str) -> None:
    """A server behind a proxy speaks of itself by its inner name; the registered base is asked, never that name."""
    assert Origin(BASE, ["http://hapi:8080/fhir/"]).address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://hapi:8080/fhirX/Task",
        "http://hapi:8080/fhir/../admin",
        "http://hapi:8080/fhir@evil.example/Task",
        "http://hapi:80801/fhir/Task",
    ],
)
def test_an_alias_opens_no_other_door(url: str) -> None:
    """Threat 16: what merely looks like an alias is as foreign as before, and a rewritten address is guarded again."""
    with pytest.raises(OutsideSource):
        Origin(BASE, ["http://hapi:8080/fhir"]).address(url)


def test_the_refusal_names_the_place_and_nothing_more() -> None:
    """An administrator sees where a link led, so that an alias can be added, and no path, query or user info of it."""
    with pytest.raises(OutsideSource) as refused:
        Origin(BASE).address("http://user:canary@hapi:8080/fhir/Task?patient=canary#canary")

    assert "http://hapi:8080" in str(refused.value)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ehr.example/fhir",
        "ftp://ehr.example/fhir",
        "https://",
        "https://user:pw@ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir#x",
        "https://ehr.example:port/fhir",
        "https://ehr.example/a/../fhir",
        "https://ehr example/fhir",
        "http://169.254.169.254/latest",
        "http://[fe80::1]/fhir",
    ],
)
def test_a_base_that_cannot_be_guarded_is_refused(url: str) -> None:
    """A source's address must be a whole one, without user info, query or tricks, and no cloud's metadata service."""
    with pytest.raises(BadSettings):
        Origin(url)
