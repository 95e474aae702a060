"""The settings that a hub needs before it has a database."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from reporter.errors import ConfigError
from reporter.hub.config import DATABASE, MEDIA, hub_settings


def settings_with(url: str) -> str:
    return hub_settings({DATABASE: url, MEDIA: "/srv"}).database_url


@pytest.mark.parametrize("password", ["p@ss", "p@ss:word", "a@b@c:d/e"])
def test_a_password_with_an_at_sign_is_refused_with_what_to_do(password: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_with(f"postgresql://reporter:{password}@database/reporter")
    assert "%40" in str(caught.value)
    assert "PGPASSWORD" in str(caught.value)
    assert password not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://reporter@database/reporter", "database"),
        ("postgres://reporter:p%40:/#?ss@[::1]:5433/reporter", "::1"),
        ("postgresql+psycopg://reporter@/reporter?host=/run/postgresql", None),
        ("postgresql:///reporter", None),
    ],
)
def test_addresses_of_all_forms_are_read(url: str, host: str | None) -> None:
    assert (made := make_url(settings_with(url))).host == host
    assert made.database == "reporter"
