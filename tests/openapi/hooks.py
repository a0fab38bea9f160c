"""What schemathesis is told of the gateway: two checks that know it better than the general ones."""

import re

import schemathesis
from schemathesis.core.failures import Failure

# Rules about several values at once, and about the world, that JSON Schema has no words for. A body
# that fits the schema may break them, and is then told which.
BEYOND_SCHEMA = re.compile(
    "|".join(
        [
            "must all have different ids and titles",
            "must all have headers of the same type",
            "must all have buttons of the same kind and number",
            "must have at most [0-9]+ (line breaks|rows in all|products in all), has [0-9]+",
            "must all have the same catalogId",
            "must be an? (https|http or https) URL",
            "must be a number from -[0-9]+ to [0-9]+, or a string of one",
            "must be one emoji, or empty to take the reaction back",
            "is for the flowAction navigate only",
            "must not contain NUL characters",
            "must be the cursor of a page",
            "must be after from",
            "must be at most 14 days ago",
            "is not a valid multipart form",  # control characters in the name of a part
            "is not set",  # no webhook URL to call
        ]
    )
)


# What makes a good address, or a good code, is a page of rules.
JUDGED_WHOLE = ("webhookUrl", "webhookCode")


def is_beyond_schema(fault):
    return fault["path"] in JUDGED_WHOLE or BEYOND_SCHEMA.fullmatch(fault["message"])


def faults(response):
    details = response.json().get("details")
    return details if isinstance(details, list) else []


@schemathesis.check
def only_graph_fails(context, response, case):
    """A 5xx is Graph's doing and says so: never a fault of the gateway's own."""
    if response.status_code < 500:
        return
    body = response.json()
    outcome = (body.get("details") or {}).get("outcome")
    if response.status_code == 502 and body["message"] == "Failed to download media":
        return
    if outcome not in ("rejected", "not_sent", "unknown"):
        raise Failure(operation=case.operation.label, title="The gateway failed", message=response.text)


@schemathesis.check
def fitting_requests_are_taken(context, response, case):
    """What fits the schema is not refused, but for rules that the schema cannot tell."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    if case.operation.label == "POST /v2/messages/send":
        return  # a body may fit the schema of one kind, and be known by its fields as another
    if response.json()["error"] == "INTERNAL_ERROR":
        return  # Graph's own verdict on an upload
    told = faults(response)
    is_bare = case.media_type == "application/octet-stream"
    if is_bare and response.json()["message"] == "phoneNumberId is required":
        return  # then the header is required, which the document has no way to say
    beyond = [fault for fault in told if not is_beyond_schema(fault)]
    if beyond or not told:
        raise Failure(operation=case.operation.label, title="A fitting request was refused", message=response.text)
