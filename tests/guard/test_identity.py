"""Who asks is told by a key, a header or a field, and nobody speaks for another."""

from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from forwhom.errors import InputError
from forwhom.guard.server import listening
from tests.guard.proxied import SECRET, USERS, body, proxied

KEYED = f"""
mitigations: [leak_filter]
{USERS}
guard:
  identity:
    keys:
      env:ANAS_KEY: ana
      sha256:{sha256(b"bens-key").hexdigest()}: ben
      env:SERVICE_KEY: "*"
"""
ENVIRONMENT = {"ANAS_KEY": "anas-key", "SERVICE_KEY": "service-key"}


def asked(url: str, key: str = "", **more: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    headers |= {str(name): str(value) for name, value in dict(more.pop("headers", {})).items()}  # type: ignore[call-overload]
    sent = body("What is my phrase?", {"says": SECRET}, **more)
    return httpx.post(f"{url}/chat/completions", json=sent, headers=headers)


def test_a_key_is_a_user_and_speaks_for_no_other(tmp_path: Path) -> None:
    with proxied(tmp_path, KEYED, environment=ENVIRONMENT) as at:
        assert SECRET in asked(at.url, "bens-key").text
        assert SECRET not in asked(at.url, "anas-key").text
        assert asked(at.url, "anas-key", user="ben").status_code == 403
        assert asked(at.url, "anas-key", headers={"x-forwhom-user": "ben"}).status_code == 403
        assert SECRET in asked(at.url, "service-key", user="ben").text
        assert SECRET in asked(at.url, "service-key", headers={"X-Forwhom-User": "ben"}).text
        assert SECRET in asked(at.url, "upstreams", headers={"x-forwhom-key": "bens-key"}).text
        for wrong in ("", "nobodys-key", "ENV:ANAS_KEY"):
            assert asked(at.url, wrong).status_code == 401
            assert httpx.get(f"{at.url}/models", headers={"x-forwhom-key": wrong}).status_code == 401
        sent = at.model.headers
        assert not any("bens-key" in str(one) or "service-key" in str(one) for one in sent)
        assert sent[-1]["authorization"] == "Bearer upstreams"
        assert not any("x-forwhom-user" in one for one in sent)
        assert {one["user"] for one in at.records()} == {"ana", "ben"}


def test_the_upstreams_key_takes_the_place_of_the_clients(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "FORWHOM_UPSTREAM_KEY": "sk-upstream"}
    with proxied(tmp_path, KEYED, environment=environment) as at:
        asked(at.url, "bens-key")
        httpx.get(f"{at.url}/models", headers={"authorization": "Bearer bens-key"})
        assert [one["authorization"] for one in at.model.headers] == ["Bearer sk-upstream"] * 2


def test_who_is_unknown_is_refused_or_somebody_of_whom_nothing_is_known(tmp_path: Path) -> None:
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}") as at:
        assert asked(at.url, user="eve").json()["error"]["code"] == "unknown_user"
        assert asked(at.url).status_code == 403
        two = asked(at.url, user="ben", headers={"x-forwhom-user": "ana"})
        assert two.status_code == 400
        assert asked(at.url, user="e\u200bve\n").status_code == 400
        assert at.records() == []
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}", unknown_users="neutral") as at:
        assert asked(at.url, user="eve").status_code == 200 and SECRET not in asked(at.url).text
        assert [one["user"] for one in at.records()] == ["eve", ""]


@pytest.mark.parametrize(
    ("guard", "says"),
    [
        ("{unknown_users: refuse}", "has no users"),
        ("{identity: {keys: {env:NOT_SET: '*'}}}", "NOT_SET is not set"),
        ("{identity: {keys: {plain-key-hunter2: '*'}}}", "line 2: guard.identity.keys"),
        ("{identity: {keys: {sha256:zz: '*'}}}", "line 2: guard.identity.keys"),
        ("{audit: {content: true}}", "line 2: guard.audit"),
        ("{drift: {baseline: 0.95}}", "line 2: guard.drift"),
        ("{body_limits: 3}", "Did you mean 'body_limit'?"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, guard: str, says: str) -> None:
    with pytest.raises(InputError) as error, proxied(tmp_path, f"mitigations: []\nguard: {guard}"):
        pass
    assert "hunter2" not in str(error.value)
    assert says in str(error.value), str(error.value)


def test_beyond_loopback_only_with_keys() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(InputError, match="Set keys"):
            listening(host, 0, has_keys=False)
    listening("0.0.0.0", 0, has_keys=True).close()
    taken = listening("127.0.0.1", 0, has_keys=False)
    taken.listen()
    with pytest.raises(InputError, match="cannot listen"):
        listening("127.0.0.1", taken.getsockname()[1], has_keys=False)
    taken.close()
