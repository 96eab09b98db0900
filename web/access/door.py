"""The door of the dashboard: log in with a token, log out, and nothing is shown or done to a stranger.

Whoever is not in is sent to the login and from there to where they wanted to go. Every form brings a token that only
pages of this session hold; a reader sees everything and may send none.

Who follows a link on another site, as in a chat or an alert, comes without the cookie, which browsers send along with
what our own pages ask for. So the login has a browser that comes from elsewhere ask once more, from here, and shows
itself only to who is not in then either.
"""

from typing import Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from web.access.entry import Entry, Refused, TooMany
from web.access.headers import guard
from web.access.roles import Role, may
from web.access.sessions import COOKIE, Session, came_by_tls
from web.access.trouble import EXPIRED, READ_ONLY, Trouble
from web.access.visitors import address_of, enter, of_session

_OPEN: Final = frozenset({"dashboard.login", "dashboard.log_in", "dashboard.static"})
_OTHER_SITES: Final = frozenset({"cross-site", "same-site"})


def add_door(pages: Blueprint, entry: Entry) -> None:
    """Add `/login` and `/logout`, and close everything else of the blueprint."""

    @pages.before_request
    def ask_who_it_is() -> AnyResponse | None:
        if request.endpoint in _OPEN:
            return None
        session = entry.sessions.of(request)
        if session is None:
            return redirect(url_for("dashboard.log_in", next=_wanted()), 303)
        _come_in(session, entry)
        return None

    @pages.after_request
    def guard_pages(response: Response) -> Response:
        return guard(response, by_tls=came_by_tls(request))

    @pages.get("/login")
    def login() -> str | AnyResponse:
        if "again" in request.args:
            is_in = entry.sessions.of(request) is not None
            return redirect(_local(request.args.get("next", "")), 303) if is_in else _form(entry)
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and COOKIE not in request.cookies:
            wanted = _local(request.args.get("next", ""))
            return render_template("onward.html", url=url_for("dashboard.log_in", next=wanted, again=1))
        return _form(entry)

    @pages.post("/login")
    def log_in() -> AnyResponse | tuple[str, int]:
        return _let_in(entry)

    @pages.post("/logout")
    def log_out() -> AnyResponse:
        response = redirect(url_for("dashboard.log_in"), 303)
        entry.sessions.end(g.session, response)  # type: ignore[arg-type]  # werkzeug's response has what is needed
        return response


def _come_in(session: Session, entry: Entry) -> None:
    """Note whose request it is. Raises Trouble for an action without the form's token, or by a reader."""
    g.session, g.form_token = session, entry.sessions.form_token(session)
    enter(of_session(session, request))
    if may(Role.READER, request.method):
        return
    if _comes_from_elsewhere() or not entry.sessions.brings_token(session, request):
        raise Trouble(EXPIRED)
    if not may(session.role, request.method) and request.endpoint != "dashboard.log_out":
        raise Trouble(READ_ONLY)


def _let_in(entry: Entry) -> AnyResponse | tuple[str, int]:
    if _comes_from_elsewhere():
        return _form(entry, "Log in from this page, please."), 403
    try:
        role = entry.by_token(request.form.get("password", "").strip().encode(), address_of(request))
    except TooMany as error:
        return _form(entry, f"Too many wrong tokens came from your address. Wait {error.retry_after:.0f} seconds."), 429
    except Refused:
        return _form(entry, "That is neither the ADMIN_TOKEN nor the READ_TOKEN."), 401
    session = entry.sessions.begin(role, request.form.get("name", ""))
    enter(of_session(session, request))
    response = redirect(_local(request.form.get("next", "")), 303)
    entry.sessions.write(session, request, response)  # type: ignore[arg-type]  # werkzeug's response has what is needed
    return response


def _form(entry: Entry, fault: str = "") -> str:
    wanted = _local(request.values.get("next", ""))
    return render_template("login.html", fault=fault, wanted=wanted, is_open=entry.tokens.are_set)


def _wanted() -> str | None:
    """Say where somebody wanted to go, to get there after the login; nowhere where it was no page."""
    if request.method != "GET" or request.path == "/":
        return None
    return request.full_path.rstrip("?")


def _local(path: str) -> str:
    """Keep a path of ours; anything that could lead to another site leads home."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else "/"


def _comes_from_elsewhere() -> bool:
    """Say whether the browser tells that another site's page sent this; a second lock beside the form's token."""
    return request.headers.get("Sec-Fetch-Site", "") in _OTHER_SITES
