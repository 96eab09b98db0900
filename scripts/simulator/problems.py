"""RingCentral's error answers, one row each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One documented error: HTTP status, code, message. `{}` in the message stands for a detail."""

    status: int
    code: str
    message: str
    top_code: str | None = None  # where the outer code differs from the inner


PROBLEMS: Mapping[str, Problem] = MappingProxyType(
    {
        "unknown_resource": Problem(404, "AGW-404", "Resource not found"),
        "no_authorization": Problem(401, "AGW-402", "Invalid Authorization header"),
        "token_unknown": Problem(401, "OAU-213", "Token not found"),
        "token_expired": Problem(401, "OAU-128", "Access token expired."),
        "rate_exceeded": Problem(429, "CMN-301", "Request rate exceeded"),
        "global_rate_exceeded": Problem(429, "CMN-310", "Global request rate exceeded"),
        "bad_parameter": Problem(400, "CMN-101", "Parameter [{}] value is invalid"),
        "bad_body": Problem(400, "CMN-103", "Cannot parse input message"),
        "not_found": Problem(404, "CMN-102", "Resource for parameter [{}] is not found"),
        "unavailable": Problem(503, "CMN-201", "Service Temporary Unavailable"),
        "internal": Problem(500, "CMN-203", "Internal Server Error"),
        "app_forbidden": Problem(
            403,
            "CMN-401",
            "In order to call this API endpoint, application needs to have [{}] permission",
            "InsufficientPermissions",
        ),
        "user_forbidden": Problem(
            403,
            "CMN-408",
            "In order to call this API endpoint, user needs to have [{}] permission for requested resource.",
        ),
        "session_id_alone": Problem(
            400, "CLG-110", "Parameter [sessionId] is not allowed for usage along with parameter [{}]"
        ),
        "sync_token_expired": Problem(
            400, "CLG-101", "Parameter [syncToken] is invalid [Sync token expired, call log was reset]"
        ),
        "sync_token_invalid": Problem(400, "CLG-104", "Parameter [syncToken] is invalid"),
        "sync_overflow": Problem(
            400, "CLG-105", "Parameter [syncToken] is invalid [max sync record number limit is exceeded]"
        ),
        # https://developers.ringcentral.com/api-reference/RingOut/createRingOutCall as it stood in 2018
        "ringout_caller_id": Problem(400, "TEL-107", "Caller ID: [{}] is not allowed"),
        "ringout_from": Problem(400, "TEL-108", "phoneNumber specified in the from field is empty or invalid"),
        "ringout_to": Problem(400, "TEL-109", "phoneNumber specified in the to field is empty or invalid"),
        "ringout_to_blocked": Problem(403, "TEL-101", "phoneNumber specified in the to field: [{}] is in blocked list"),
        "ringout_from_blocked": Problem(
            403, "TEL-102", "phoneNumber specified in the from field: [{}] is in blocked list"
        ),
        "ringout_account": Problem(403, "BIL-103", "Feature [RingOut] is not available for current account"),
        "ringout_extension_type": Problem(
            403, "CMN-112", "Feature [RingOut] is not available for current extension type"
        ),
        "ringout_extension": Problem(403, "CMN-113", "Feature [DomesticCalls] is not available for current extension"),
        "ringout_not_direct": Problem(403, "RNG-102", "Caller ID should be one of company direct numbers"),
        "subscription_limit": Problem(403, "SUB-505", "Subscriptions limit exceeded"),
        "subscription_gone": Problem(404, "SUB-507", "Subscription is not found or has expired"),
        "filters_invalid": Problem(400, "SUB-508", "Event filters [{}] are not valid"),
        "only_reminder": Problem(400, "SUB-515", "Subscription containing only reminder filter is not allowed"),
        "webhook_status": Problem(400, "SUB-522", "WebHook responds with incorrect HTTP status. HTTP status is {}"),
        "webhook_https": Problem(400, "SUB-523", "HTTPS is required for the WebHook address"),
        "webhook_unreachable": Problem(400, "SUB-524", "WebHook address cannot be reached: {}"),
        "webhook_response": Problem(400, "SUB-525", "WebHook server response is invalid"),
    }
)

# The token endpoint speaks OAuth's own error form: error, description and RingCentral's code.
OAUTH_PROBLEMS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "client": ("invalid_client", "Invalid client application", "OAU-146"),
        "grant": ("invalid_grant", "Invalid or expired assertion", "OAU-251"),
        "grant_type": ("unsupported_grant_type", "Unsupported grant type", "OAU-250"),
    }
)


class ApiError(Exception):
    """A request is to be answered with one of the table's problems."""

    def __init__(self, name: str, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(name)
        self.problem = PROBLEMS[name]
        self.detail = detail
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Write the answer's body."""
        problem = self.problem
        message = problem.message.format(self.detail)
        inner: dict[str, Any] = {"errorCode": problem.code, "message": message}
        extra: dict[str, str] = {}
        if problem.top_code is not None:
            extra["permissionName"] = self.detail
        elif problem.message.startswith(("Parameter [{}]", "Resource for parameter")):
            extra["parameterName"] = self.detail
        outer = {"errorCode": problem.top_code or problem.code, "message": message}
        errors = [] if problem.code == "AGW-404" else [inner | extra]  # the gateway leaves the list empty
        return outer | {"errors": errors} | extra


class OAuthError(Exception):
    """A token request is to be refused with one of the table's OAuth problems."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.problem = OAUTH_PROBLEMS[name]

    def body(self) -> dict[str, Any]:
        """Write the answer's body."""
        error, description, code = self.problem
        return {
            "error": error,
            "error_description": description,
            "errors": [{"errorCode": code, "message": description}],
        }
