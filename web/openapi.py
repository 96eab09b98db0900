"""The OpenAPI 3.1 document, drawn from the routes themselves: what `described` says beside each, and its types.

`GET /openapi.json` tells what this process serves, to whoever asks: it holds nothing that is secret.
https://spec.openapis.org/oas/v3.1.1.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
from typing import Any, Final

import msgspec
from flask import Flask, Response
from werkzeug.routing import Rule

from runtime.version import VERSION
from web.access.roles import Role, may
from web.api.answers import answer
from web.api.described import Description, described, description_of
from web.api.problems import (
    BAD_REQUEST,
    INTERNAL,
    INVALID,
    MEDIA_TYPE,
    NO_TOKEN_SET,
    NOT_FOUND,
    NOT_JSON,
    READ_ONLY,
    REDIS_AWAY,
    TOO_BUSY,
    TOO_LARGE,
    TOO_MANY_GUESSES,
    TOO_SLOW,
    UNAUTHORIZED,
    UNSUPPORTED,
    Kind,
    ProblemDocument,
)

Schema = dict[str, Any]

PATH: Final = "/openapi.json"
_API: Final = "/api/"
_JSON: Final = "application/json"
_REFERENCE: Final = "#/components/schemas/{name}"
_ARGUMENT: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_TAGGED: Final = {"If-None-Match": "The `ETag` of an answer: 304, and no body, while it is the same."}
_REASONS: Final[Mapping[int, str]] = {200: "Done", 201: "Made", 202: "Taken up", 204: "Done", 503: "Not now"}

INTRODUCTION: Final = """\
How RingCentral calls ended, and everything around it. Send `Authorization: Bearer` and the `ADMIN_TOKEN`, or for
reading the `READ_TOKEN`. JSON in, JSON out; an unknown field or parameter is refused. Lists are
`{"items": [...], "next": ...}`: ask again with `after` set to `next` until it is null. What goes wrong is told as a
problem document (RFC 9457). A GET is answered with an ETag, and 304 with `If-None-Match` where nothing has changed."""


def add_route(app: Flask) -> None:
    """Add `GET /openapi.json`."""
    drawn: list[Schema] = []

    @app.get(PATH)
    @described("This document.", answers={200: Schema})
    def openapi() -> Response:
        if not drawn:
            drawn.append(document(app))
        return answer(drawn[0])


def document(app: Flask) -> Schema:
    """Draw the document of all routes of `app` that are for programs: those that say what they take and answer."""
    routes = list(_routes(app))
    schemas, components = _schemas([said for _, _, said in routes])
    paths: dict[str, dict[str, Schema]] = {}
    for method, rule, said in routes:
        paths.setdefault(_path(rule), {})[method.lower()] = _operation(method, rule, said, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Legwork",
            "version": VERSION,
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The web process that told this."}],
        "security": [{"token": []}],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": {name: components[name] for name in sorted(components.keys() - _of_queries(routes))},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "`ADMIN_TOKEN`, or `READ_TOKEN` to read."}
            },
        },
    }


def _routes(app: Flask) -> Iterator[tuple[str, Rule, Description]]:
    for rule in app.url_map.iter_rules():
        said = description_of(app.view_functions[rule.endpoint])
        if said is not None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule, said


def _types(said: Description) -> Iterator[Any]:
    yield from filter(None, (said.parameters, said.body))
    yield from (shape for shape in said.answers.values() if shape is not None and not isinstance(shape, str))


def _of_queries(routes: Iterable[tuple[str, Rule, Description]]) -> frozenset[str]:
    """Name the types that stand for parameters only: each parameter is told by itself."""
    return frozenset(said.parameters.__name__ for _, _, said in routes if said.parameters is not None)


def _schemas(said: Iterable[Description]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Give the schema of each type that is taken or answered, and the components those refer to."""
    types = list(dict.fromkeys([ProblemDocument, *(shape for one in said for shape in _types(one))]))
    drawn, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for shape in components.values():
        if "description" in shape:  # a docstring, whose further lines are indented before Python 3.13
            shape["description"] = cleandoc(shape["description"])
    return dict(zip(types, drawn, strict=True)), components


def _path(rule: Rule) -> str:
    return _ARGUMENT.sub(lambda found: "{" + _camel(found.group(1)) + "}", rule.rule)


def _operation(
    method: str, rule: Rule, said: Description, schemas: Mapping[Any, Schema], components: Mapping[str, Schema]
) -> Schema:
    told: Schema = {
        "operationId": _operation_id(rule),
        "summary": said.summary,
        "tags": [_tag(rule)],
    }
    if not rule.rule.startswith(_API):
        told["security"] = []
    headers = {**said.headers, **(_TAGGED if _is_tagged(method, rule, said) else {})}
    if parameters := [*_in_path(rule), *_in_query(said, schemas, components), *_in_header(headers)]:
        told["parameters"] = parameters
    if said.body is not None:
        content = {_JSON: {"schema": schemas[said.body]}}
        told["requestBody"] = {"required": said.body_required, "content": content}
    unchanged = {"304": {"description": "Nothing has changed"}} if _is_tagged(method, rule, said) else {}
    told["responses"] = {**_answers(said, schemas), **unchanged, **_problems(method, rule, said, schemas)}
    return told


def _in_path(rule: Rule) -> Iterator[Schema]:
    for name in _ARGUMENT.findall(rule.rule):
        yield {"name": _camel(name), "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(said: Description, schemas: Mapping[Any, Schema], components: Mapping[str, Schema]) -> Iterator[Schema]:
    if said.parameters is None:
        return
    shape = components[schemas[said.parameters]["$ref"].rpartition("/")[2]]
    for name, schema in shape.get("properties", {}).items():
        given = _given(schema)
        about = given.pop("description", None)
        yield {
            "name": name,
            "in": "query",
            "required": name in shape.get("required", ()),
            **({"description": about} if about else {}),
            "schema": given,
        }


def _given(schema: Schema) -> Schema:
    """Give the schema of a parameter that is there: one that is left out is no null."""
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return {**choices[0]} if len(choices) == 1 else {**schema}


def _is_tagged(method: str, rule: Rule, said: Description) -> bool:
    """Say whether an answer has an ETag (`web.api.answers.tagged`): what the API tells, but for streams."""
    return method == "GET" and rule.rule.startswith(_API) and not isinstance(said.answers.get(200), str)


def _in_header(headers: Mapping[str, str]) -> Iterator[Schema]:
    for name, about in headers.items():
        yield {"name": name, "in": "header", "required": False, "description": about, "schema": {"type": "string"}}


def _answers(said: Description, schemas: Mapping[Any, Schema]) -> dict[str, Schema]:
    told = {}
    for status, shape in said.answers.items():
        content: Schema = {}
        if isinstance(shape, str):
            content = {"content": {shape: {"schema": {"type": "string"}}}}
        elif shape is not None:
            content = {"content": {_JSON: {"schema": schemas[shape]}}}
        told[str(status)] = {"description": _REASONS.get(status, "Answered"), **content}
    return told


def _problems(method: str, rule: Rule, said: Description, schemas: Mapping[Any, Schema]) -> dict[str, Schema]:
    """Tell each status that is a problem once, with all it can mean."""
    if not rule.rule.startswith(_API):
        return {}
    kinds: dict[int, list[Kind]] = {}
    for kind in dict.fromkeys((*_usual(method, rule, said), *said.problems)):
        kinds.setdefault(kind.status, []).append(kind)
    content = {MEDIA_TYPE: {"schema": schemas[ProblemDocument]}}
    return {
        str(status): {"description": "; ".join(f"{kind.title} (`{kind.word}`)" for kind in some), "content": content}
        for status, some in sorted(kinds.items())
    }


def _usual(method: str, rule: Rule, said: Description) -> Iterator[Kind]:
    yield from (UNAUTHORIZED, TOO_MANY_GUESSES, NO_TOKEN_SET, REDIS_AWAY, INTERNAL, INVALID)
    if not may(Role.READER, method):
        yield READ_ONLY
    if rule.arguments:
        yield NOT_FOUND
    if said.body is not None:
        yield from (BAD_REQUEST, NOT_JSON, TOO_SLOW, TOO_LARGE, UNSUPPORTED, TOO_BUSY)


def _operation_id(rule: Rule) -> str:
    """Name an operation by its view; one view may be at two paths, with arguments and without."""
    alias = len(rule.arguments) and rule.rule.startswith("/webhooks/")
    return _camel(rule.endpoint.rpartition(".")[2] + ("_of_account" if alias else ""))


def _tag(rule: Rule) -> str:
    return rule.rule.removeprefix("/api/v1/").partition("/")[0] if rule.rule.startswith(_API) else "operations"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
