"""The page of the API names every route that there is, and no other."""

from redis import Redis

from scripts.reference.api_page import ROUTES
from tests.web.api_client import an_app


def test_every_route_is_on_the_page_and_every_row_is_a_route(redis: Redis) -> None:
    rules = [rule for rule in an_app(redis).url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    there = {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}

    told = {(method, "/api/v1" + path.replace("<id>", "<destination_id>")) for method, path, _, _ in ROUTES}

    assert told == there
