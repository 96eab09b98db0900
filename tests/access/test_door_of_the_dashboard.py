"""The dashboard's door: who is let in, what their cookie is worth, and what other sites cannot make them do."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from runtime.deliveries import destinations
from telephony.destinations import DestinationState, Draft
from tests.access.test_entry_to_the_api import ADMIN, READER, an_app
from tests.web import api_client
from web.access import sessions
from web.access.throttle import EACH


@pytest.fixture
def app(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(sessions, "BELIEVED_SECONDS", 0.0)
    return an_app(redis)


@pytest.fixture
def destination(redis: Redis) -> str:
    made, _ = destinations.create(
        redis, Draft(url="https://crm.example/hook", description="<script>x</script>"), keys=()
    )
    return made.id


def log_in(app: Flask, token: str = ADMIN, **more: Any) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/login", data={"password": token, "name": "Mara"}, **more)
    assert answer.status_code == 303, answer.text
    return client


def form_token(client: FlaskClient) -> str:
    found = re.search(r'name="token" value="(\w+)"', client.get("/destinations").text)
    assert found is not None
    return found[1]


def state(redis: Redis, destination: str) -> DestinationState:
    found = destinations.get(redis, destination)
    assert found is not None
    return found.state


@pytest.mark.parametrize("path", ["/", "/calls", "/calls/s-1", "/destinations", "/trail", "/accounts"])
def test_a_stranger_is_sent_to_the_login_and_from_there_to_where_he_wanted_to_go(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")
    assert path == "/" or answer.headers["Location"].endswith(path)


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX-Evil: 1", ""],
)
def test_the_login_leads_to_no_other_site(app: Flask, wanted: str) -> None:
    answer = app.test_client().post("/login", data={"password": ADMIN, "next": wanted})

    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("wanted", ["/calls?q=1&outcome=missed", "/trail"])
def test_the_login_leads_to_where_somebody_wanted_to_go_also_after_a_wrong_token(app: Flask, wanted: str) -> None:
    client = app.test_client()

    mistaken = client.post("/login", data={"password": "guess", "next": wanted})
    then = client.post("/login", data={"password": f" {ADMIN}\n", "next": wanted})

    assert (mistaken.status_code, then.status_code) == (401, 303)
    assert f'name="next" value="{wanted}"' in mistaken.text.replace("&amp;", "&")
    assert "neither the ADMIN_TOKEN nor the READ_TOKEN" in mistaken.text
    assert then.headers["Location"] == wanted


def test_who_pressed_a_button_is_led_to_no_address_of_a_button(app: Flask, destination: str) -> None:
    answer = app.test_client().post(f"/destinations/{destination}/pause")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_form_of_another_site_logs_anybody_in(app: Flask, site: str) -> None:
    client = app.test_client()

    answer = client.post("/login", data={"password": ADMIN}, headers={"Sec-Fetch-Site": site})

    assert (answer.status_code, "from this page" in answer.text) == (403, True)
    assert "Set-Cookie" not in answer.headers


def test_where_no_token_is_set_the_login_says_so_and_lets_nobody_in(redis: Redis) -> None:
    client = api_client.an_app(redis, admin_token=None).test_client()

    assert "no <code>ADMIN_TOKEN</code> is set" in client.get("/login").text
    assert client.post("/login", data={"password": ""}).status_code == 401
    assert client.post("/login", data={"password": "None"}).status_code == 401


def test_the_cookie_is_for_this_site_and_no_script_and_secure_behind_tls(app: Flask) -> None:
    plain = app.test_client().post("/login", data={"password": ADMIN}).headers["Set-Cookie"]
    proxied = {"X-Forwarded-Proto": "https"}
    behind = app.test_client().post("/login", data={"password": ADMIN}, headers=proxied).headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Strict"} <= set(plain.split("; "))
    assert "Secure" not in plain
    assert "Secure" in behind


def test_who_comes_from_another_site_without_a_cookie_asks_once_more_from_ours(app: Flask) -> None:
    client, elsewhere = app.test_client(), {"Sec-Fetch-Site": "cross-site"}
    login = client.get("/calls?q=1", headers=elsewhere).headers["Location"]
    page = client.get(login, headers=elsewhere).text
    onward = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page)
    assert onward is not None
    assert f'<a href="{onward[1]}">Go on to Legwork</a>' in page
    again = onward[1].replace("&amp;", "&")

    assert 'type="password"' in client.get(again, headers=elsewhere).text
    answer = log_in(app).get(again)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/calls?q=1")


def test_who_comes_from_there_with_a_cookie_that_is_worth_nothing_may_log_in_at_once(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie(sessions.COOKIE, "of-long-ago")

    assert 'type="password"' in client.get("/login", headers={"Sec-Fetch-Site": "cross-site"}).text


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example"])
def test_who_asks_once_more_is_led_to_no_other_site(app: Flask, wanted: str) -> None:
    assert log_in(app).get(f"/login?again=1&next={wanted}").headers["Location"] == "/"


def test_a_cookie_that_was_changed_or_left_is_worth_nothing(app: Flask) -> None:
    client = log_in(app)
    cookie = client.get_cookie(sessions.COOKIE)
    assert cookie is not None
    copy, forged = app.test_client(), app.test_client()
    copy.set_cookie(sessions.COOKIE, cookie.value)
    forged.set_cookie(sessions.COOKIE, cookie.value[:-2])
    assert (copy.get("/calls").status_code, forged.get("/calls").status_code) == (200, 303)

    client.post("/logout", data={"token": form_token(client)})

    assert (client.get("/calls").status_code, copy.get("/calls").status_code) == (303, 303)


def test_guesses_at_the_login_are_slowed_down(app: Flask) -> None:
    client = app.test_client()
    answers = [client.post("/login", data={"password": f"guess-{n}"}).status_code for n in range(EACH.burst + 1)]

    assert answers == [401] * EACH.burst + [429]
    held_up = client.post("/login", data={"password": ADMIN})
    assert (held_up.status_code, "Too many wrong tokens" in held_up.text) == (429, True)


def test_an_action_needs_the_token_of_the_form_and_a_post(app: Flask, redis: Redis, destination: str) -> None:
    client = log_in(app)
    path = f"/destinations/{destination}/pause"

    without = client.post(path)
    wrong = client.post(path, data={"token": form_token(log_in(app))})
    elsewhere = client.post(path, data={"token": form_token(client)}, headers={"Sec-Fetch-Site": "cross-site"})

    assert [without.status_code, wrong.status_code, elsewhere.status_code] == [403, 403, 403]
    assert client.get(path).status_code == 405
    assert state(redis, destination) is DestinationState.ACTIVE
    assert client.post(path, data={"token": form_token(client)}).status_code == 303
    assert state(redis, destination) is DestinationState.PAUSED


def test_a_reader_does_nothing_even_with_the_token_of_a_form(app: Flask, redis: Redis, destination: str) -> None:
    client = log_in(app, READER)

    answer = client.post(f"/destinations/{destination}/pause", data={"token": form_token(client)})

    assert answer.status_code == 403
    assert state(redis, destination) is DestinationState.ACTIVE
    assert "/pause" not in client.get(f"/destinations/{destination}").text
    assert client.get("/destinations/new").status_code == 403


@pytest.mark.parametrize(
    ("token", "name", "said"),
    [(ADMIN, "Mara", "Mara"), (ADMIN, "", "Admin"), (READER, "Noor", "Noor may look"), (READER, "", "Reader may look")],
)
def test_every_page_says_who_is_in_and_what_they_may(app: Flask, token: str, name: str, said: str) -> None:
    client = app.test_client()
    client.post("/login", data={"password": token, "name": name})

    page = client.get("/calls").text

    form = page[page.index('<form class="who"') :].partition("</form>")[0]
    assert " ".join(re.sub(r"<[^>]+>", " ", form).split()) == f"{said} Log out"
    assert ('<body class="looking"' in page) is (token == READER)


def test_the_page_that_is_open_is_marked_among_all(app: Flask) -> None:
    page = log_in(app).get("/calls").text

    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == ["/calls"]


@pytest.mark.parametrize("token", [ADMIN, READER])
def test_whoever_is_in_leaves_by_a_form_of_their_own_only(app: Flask, token: str) -> None:
    client = log_in(app, token)
    own = form_token(client)

    assert client.post("/logout").status_code == 403
    assert client.get("/calls").status_code == 200
    answer = client.post("/logout", data={"token": own})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert client.get_cookie(sessions.COOKIE) is None


def test_the_session_opens_the_api_for_looking_only(app: Flask) -> None:
    client = log_in(app)

    assert client.get("/api/v1/destinations").status_code == 200
    assert client.post("/api/v1/destinations", json={"url": "https://93.184.215.14/hook"}).status_code == 401


def test_pages_allow_browsers_nothing_but_our_own_files(app: Flask, destination: str) -> None:
    client = log_in(app)
    for path in ("/", "/login", f"/destinations/{destination}", "/calls/s-nothing"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?! type=\"module\" src=)|<style| style=| on\w+=", answer.text)


def test_who_came_by_tls_comes_by_tls_from_then_on(app: Flask) -> None:
    plain = app.test_client().get("/login").headers
    behind = app.test_client().get("/login", headers={"X-Forwarded-Proto": "https"}).headers

    assert "Strict-Transport-Security" not in plain
    assert behind["Strict-Transport-Security"].startswith("max-age=")
    assert (plain["X-Content-Type-Options"], plain["Referrer-Policy"]) == ("nosniff", "same-origin")


def test_browsers_keep_no_file_that_stands_in_for_another_version_s(app: Flask) -> None:
    client = app.test_client()
    ours = re.findall(r'"(/static/[^"]+)"', client.get("/login").text)
    others = [*(re.sub(r"v=\w+", "v=000000000000", path) for path in ours), "/static/nowhere.css?v=000000000000"]

    kept = {path: "immutable" in client.get(path, buffered=True).headers["Cache-Control"] for path in (*ours, *others)}

    assert kept == dict.fromkeys(ours, True) | dict.fromkeys(others, False)


def test_what_somebody_else_wrote_stays_text(app: Flask, destination: str) -> None:
    client = log_in(app)

    for path in ("/", "/destinations", f"/destinations/{destination}", "/calls?q=<script>x</script>"):
        assert "<script>x" not in client.get(path).text


def test_the_webhook_s_answer_has_none_of_the_pages_headers(app: Flask) -> None:
    answer = app.test_client().post("/webhooks/ringcentral", data=b"{}", headers={"Verification-Token": "verification"})

    assert answer.status_code == 200
    assert set(answer.headers.keys()) == {"Content-Type", "Content-Length"}
