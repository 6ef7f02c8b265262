"""How each route can fail: codes of dancecore.errors, by the status that they are answered with.

What follows from who may use a route, from its method and from what it takes is derived; OWN has the rest.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from dancecore.errors import CODES
from serve.ingress.access import Rule
from serve.ingress.errors import STATUS

Operation = dict[str, Any]

ALWAYS = "INTERNAL OVERLOADED DATABASE_UNAVAILABLE SCHEMA_MISSING"
READ = "OBJECTS_UNAVAILABLE"
FOUND = f"OBJECT_MISSING {READ}"
KEPT = f"STORAGE_FULL {READ}"
CLIP = "EMPTY_FILE NOT_A_VIDEO NO_VIDEO_STREAM TRUNCATED ZERO_FRAMES CORRUPT_VIDEO BAD_DIMENSIONS TOO_SHORT TOO_LONG"
ASKED = "WORKER_DIED"
RECOGNISED = f"{ASKED} {FOUND}"
"""Those who recognise take up what was taught meanwhile before they answer."""
INFERRED = f"{RECOGNISED} {KEPT} {CLIP} NO_PERSON MODEL_REPLACED"
COMPOSED = f"{ASKED} UNKNOWN_MOVE"

OWN: dict[tuple[str, str], str] = {
    ("POST", "/v1/auth/register"): "ALREADY_EXISTS",
    ("POST", "/v1/auth/login"): "UNAUTHENTICATED",
    ("POST", "/v1/auth/refresh"): "UNAUTHENTICATED",
    ("PUT", "/v1/me/password"): "FORBIDDEN",
    ("GET", "/v1/auth/oidc"): "NOT_FOUND UNREACHABLE",
    ("GET", "/v1/auth/oidc/callback"): "UNAUTHENTICATED FORBIDDEN NOT_FOUND UNREACHABLE",
    ("POST", "/v1/uploads/sign"): f"QUOTA_EXCEEDED {READ}",
    ("POST", "/v1/uploads/{upload_id}/content"): f"FORBIDDEN EMPTY_FILE {KEPT}",
    ("POST", "/v1/uploads/{upload_id}/parts"): READ,
    ("GET", "/v1/uploads/{upload_id}/parts"): READ,
    ("PUT", "/v1/uploads/{upload_id}/parts/{number}/content"): f"FORBIDDEN EMPTY_FILE {KEPT}",
    ("POST", "/v1/videos"): f"FORBIDDEN QUOTA_EXCEEDED {FOUND} {KEPT} {CLIP}",
    ("GET", "/v1/videos/{video_id}/keypoints"): FOUND,
    ("GET", "/v1/videos/{video_id}/preview"): FOUND,
    ("POST", "/v1/annotations/review"): "NOT_FOUND",
    ("GET", "/v1/moves/{move_id}"): READ,
    ("POST", "/v1/moves"): f"{RECOGNISED} {KEPT}",
    ("POST", "/v1/moves/{move_id}/exemplars"): f"{RECOGNISED} {KEPT}",
    ("GET", "/v1/moves/{move_id}/exemplars/{exemplar_id}"): f"INVALID_INPUT {FOUND}",
    ("GET", "/v1/search/patterns"): "UNKNOWN_MOVE",
    ("POST", "/v1/search/similar"): f"NOT_FOUND {INFERRED}",
    ("POST", "/v1/infer"): INFERRED,
    ("GET", "/v1/composer/suggest"): COMPOSED,
    ("POST", "/v1/composer/suggest"): COMPOSED,
    ("POST", "/v1/composer/plan"): f"{COMPOSED} NO_PLAN",
    ("POST", "/v1/composer/swap"): f"{COMPOSED} NO_PLAN",
    ("POST", "/v1/composer/regenerate"): f"{COMPOSED} NO_PLAN",
    ("POST", "/v1/composer/parse"): ASKED,
    ("POST", "/v1/compositions"): "NOT_FOUND",
    ("DELETE", "/v1/compositions/{composition_id}"): READ,
    ("GET", "/v1/compositions/{composition_id}/preview"): ASKED,
    ("POST", "/v1/compositions/{composition_id}/export"): "TOO_LONG QUOTA_EXCEEDED",
    ("POST", "/v1/compositions/{composition_id}/compare"): "QUOTA_EXCEEDED",
    ("GET", "/v1/exports/{export_id}/files/{name}"): f"FORBIDDEN {FOUND}",
    ("GET", "/v1/shared/{token}/preview"): ASKED,
    ("POST", "/v1/webhooks"): "QUOTA_EXCEEDED",
    ("POST", "/v1/analysis"): f"QUOTA_EXCEEDED MODEL_REPLACED {RECOGNISED}",
    ("POST", "/v1/analysis/outdated"): f"FORBIDDEN {RECOGNISED}",
}


def failures(method: str, path: str, rule: Rule, operation: Operation) -> dict[str, list[str]]:
    """The codes that a route can answer with, by status. `operation`: as the framework describes it."""
    codes = {*ALWAYS.split(), *OWN.get((method, path), "").split(), *_follow(method, path, rule, operation)}
    found: dict[str, list[str]] = defaultdict(list)
    for code in sorted(codes):
        found[str(STATUS.get(code, 422))].append(code)
    return dict(sorted(found.items()))


def described(codes: list[str], headers: dict[str, Any]) -> dict[str, Any]:
    """A response that fails with one of these codes, and an example of each."""
    examples = {code: {"value": {"error": {"code": code, "message": CODES[code], "details": {}}}} for code in codes}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}, "examples": examples}}
    said = "; ".join(f"`{code}`: {CODES[code]}" for code in codes)
    return {"description": said, "headers": headers, "content": content}


def _follow(method: str, path: str, rule: Rule, operation: Operation) -> Iterator[str]:
    parameters = operation.get("parameters", ())
    names = {each["name"] for each in parameters}
    checked = "requestBody" in operation or any(_limited(each["schema"]) for each in parameters)
    once = method == "POST" and rule.roles is not None  # by its Idempotency-Key
    holds = {
        "UNAUTHENTICATED": rule.roles is not None,
        "FORBIDDEN": "creator" in names or (rule.roles is not None and "user" not in rule.roles),
        "NOT_FOUND": rule.owns is not None or "{" in path,
        "INVALID_INPUT": checked or once,
        "ALREADY_EXISTS": once,
        "CHANGED_MEANWHILE": "if-match" in names,
        "IF_MATCH_MISSING": "if-match" in names and method == "PUT",
        "TOO_LARGE": method in ("POST", "PUT"),
        "RATE_LIMITED": rule.counted is not None,
    }
    return (code for code, so in holds.items() if so)


def _limited(schema: Operation) -> bool:
    """Whether a parameter may be no string at will."""
    return schema.get("type") != "string" or bool(set(schema) - {"type", "title", "default", "description"})
