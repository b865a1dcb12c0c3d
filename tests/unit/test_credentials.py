"""Secrets do not show themselves."""

from __future__ import annotations

import copy
import getpass
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from scitacean import ExpiringToken, SecretStr, StrStorage
from scitacean.credentials import CallbackSecret, EnvironmentSecret, FileSecret, jwt_expiry
from scitacean.errors import ConfigurationError, SessionExpiredError


@pytest.mark.parametrize("secret", [SecretStr("hush"), StrStorage("hush"), SecretStr(StrStorage("hush"))])
def test_secrets_are_handed_out_but_not_shown(secret: StrStorage) -> None:
    assert secret.get_str() == "hush"
    assert "hush" not in f"{secret} {secret!r} {[secret]}"


def test_secrets_are_not_pickled() -> None:
    with pytest.raises(TypeError, match="plain text"):
        pickle.dumps(SecretStr("hush"))


def test_secrets_are_copied_within_a_process() -> None:
    secret = SecretStr("hush")
    assert copy.copy(secret).get_str() == copy.deepcopy([secret])[0].get_str() == "hush"


def test_pickles_name_where_secrets_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    for secret in (EnvironmentSecret("HUSH_HUSH"), FileSecret(path), CallbackSecret(getpass.getuser)):
        copy.deepcopy(secret)
        pickled = pickle.dumps(secret)
        assert b"hush" not in pickled
        assert repr(pickle.loads(pickled)) == repr(secret)
    with pytest.raises(ConfigurationError, match="HUSH_HUSH, which is not set"):
        EnvironmentSecret("HUSH_HUSH").get_str()
    monkeypatch.setenv("HUSH_HUSH", "hush")
    with pytest.raises(ConfigurationError, match="No such file"):
        FileSecret(path).get_str()
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="it is no text"):
        FileSecret(path).get_str()
    path.write_text(" hush\n")
    for secret in (EnvironmentSecret("HUSH_HUSH"), FileSecret(path), CallbackSecret(lambda: "hush")):
        assert secret.get_str() == "hush"
        assert "hush" not in str(secret)


def test_functions_that_no_other_process_finds_are_not_pickled() -> None:
    with pytest.raises(TypeError, match="top of a module"):
        pickle.dumps(CallbackSecret(lambda: "hush"))


def token(expires_in: timedelta) -> str:
    return jwt.encode({"exp": (datetime.now(tz=UTC) + expires_in).timestamp()}, "k" * 32)


def test_a_good_token_is_handed_out() -> None:
    text = token(timedelta(hours=1))
    assert ExpiringToken.from_jwt(SecretStr(text)).get_str() == text


def test_an_expired_token_is_not_handed_out() -> None:
    with pytest.raises(SessionExpiredError, match="Sign in again") as caught:
        ExpiringToken.from_jwt(token(timedelta(seconds=-1))).get_str()
    assert caught.value.code == "SESSION_EXPIRED"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ExpiringToken(value="t", expires_at=datetime(2033, 1, 1))  # noqa: DTZ001  (what users do)


def test_a_token_is_denied_some_time_before_it_expires() -> None:
    soon = datetime.now(tz=UTC) + timedelta(seconds=30)
    with pytest.raises(SessionExpiredError):
        ExpiringToken(value="t", expires_at=soon, denial_period=timedelta(minutes=1)).get_str()


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "a.e30.c", "a.bnVsbA.c", "a.eyJleHAiOiJ4In0.c"])
def test_what_is_no_token_has_no_expiry(text: str) -> None:
    assert jwt_expiry(text) is None
    with pytest.raises(ValueError, match="no JSON web token"):
        ExpiringToken.from_jwt(text)
