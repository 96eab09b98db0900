"""Another site's page, in the browser of somebody who is logged in: it changes nothing."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from tests.web.posting import settings_of
from web.create_app import create_app

ADMIN = "t0ken-of-the-admin"
ACTION = "/replays"


@pytest.fixture
def browser(redis: Redis) -> FlaskClient:
    browser = create_app(settings_of("redis://unused", ADMIN_TOKEN=ADMIN), redis).test_client()
    assert browser.post("/login", data={"password": ADMIN, "name": "Ada"}).status_code == 303
    return browser


@pytest.mark.parametrize("sent", [{}, {"form_token": "guessed"}], ids=["no token", "a guess"])
def test_an_action_without_the_forms_token_is_refused(browser: FlaskClient, sent: dict[str, str]) -> None:
    assert browser.post(ACTION, data=sent).status_code in {400, 403}


def test_an_action_another_site_s_page_sends_is_refused(browser: FlaskClient) -> None:
    assert browser.post(ACTION, headers={"Sec-Fetch-Site": "cross-site"}).status_code in {400, 403}


def test_the_session_is_sent_by_our_own_pages_only(redis: Redis) -> None:
    browser = create_app(settings_of("redis://unused", ADMIN_TOKEN=ADMIN), redis).test_client()

    cookie = browser.post("/login", data={"password": ADMIN, "name": "Ada"}).headers["Set-Cookie"]

    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
