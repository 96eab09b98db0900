"""Addresses that lead nowhere: a person gets a page with a way on, a program what it always got."""

from flask import Flask, Response, g, make_response, render_template, request
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from web.access.entry import Entry
from web.access.headers import guard
from web.access.sessions import Session, came_by_tls
from web.access.trouble import NOTHING_HERE
from web.access.visitors import enter, of_session
from web.api.door import is_behind, told
from web.dashboard.blueprint import known_to_all


def add_nowhere(app: Flask, entry: Entry) -> None:
    """Tell whoever asks for HTML that there is nothing."""

    @app.errorhandler(NotFound)
    @app.errorhandler(MethodNotAllowed)  # the address of a button, opened without it
    def nowhere(error: NotFound | MethodNotAllowed) -> Response | HTTPException:
        if is_behind(request.path) or "text/html" not in request.headers.get("Accept", ""):
            return told(error)  # programs may say that they take HTML, too: Java's do unless told
        session = _session(entry)
        if session is not None:
            g.form_token = entry.sessions.form_token(session)
            enter(of_session(session, request))
        page = render_template("trouble.html", trouble=NOTHING_HERE, **{**known_to_all(), "bare": False})
        response = make_response(page, error.code)
        if isinstance(error, MethodNotAllowed):
            response.allow.update(error.valid_methods or ())
        return guard(response, by_tls=came_by_tls(request))


def _session(entry: Entry) -> Session | None:
    """Say who looks, for the page's own frame: it is the same page for a stranger, and when Redis is away."""
    try:
        return entry.sessions.of(request)
    except RedisError:
        return None
