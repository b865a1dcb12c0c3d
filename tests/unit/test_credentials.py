"""Secrets do not show themselves."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from scitacean import ExpiringToken, SecretStr, StrStorage
from scitacean.credentials import jwt_expiry
from scitacean.errors import SessionExpiredError


@pytest.mark.parametrize("secret", [SecretStr("hush"), StrStorage("hush"), SecretStr(StrStorage("hush"))])
def test_secrets_are_handed_out_but_not_shown(secret: StrStorage) -> None:
    assert secret.get_str() == "hush"
    assert "hush" not in f"{secret} {secret!r} {[secret]}"


def test_secrets_are_not_pickled() -> None:
    with pytest.raises(TypeError, match="plain text"):
        pickle.dumps(SecretStr("hush"))


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
