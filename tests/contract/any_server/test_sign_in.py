"""Signing in, with good and bad passwords and tokens."""

from __future__ import annotations

import pytest

from scicat_api.api.users import get_my_user
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.errors import LoginError
from tests.contract.any_server.site import Site, new_dataset, parsed


def test_users_are_known_after_they_have_signed_in(site: Site) -> None:
    for user in (site.member, site.administrator):
        assert parsed(get_my_user.sync_detailed(client=site.api(user))).username == user.username


def test_wrong_passwords_are_refused(site: Site) -> None:
    with pytest.raises(LoginError):
        ScicatClient.from_credentials(site.url, site.member.username, "wrong", allow_http=True)


def test_bad_tokens_are_refused(site: Site) -> None:
    client = ScicatClient.from_token(site.url, "bad", allow_http=True, transport=site.recorder)
    with client, pytest.raises(LoginError):
        client.create_dataset_model(new_dataset(ownerGroup=site.group))


def test_nobody_is_nobody(site: Site) -> None:
    assert get_my_user.sync_detailed(client=site.api(None)).status_code == 401
