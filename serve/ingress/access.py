"""Who may do what: one table of every route, and how it is applied.

A thing of somebody else is NOT_FOUND, not FORBIDDEN: that it exists is nobody's business.
"""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any, Literal

from sqlalchemy import Connection
from starlette.requests import Request

from cluster import rates
from cluster.accounts import Role, User
from cluster.database import transact
from cluster.owners import Owned, owner_of
from cluster.settings import ServeSettings
from cluster.sign_in import who
from dancecore.errors import DanceError
from serve.ingress.services import Services


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles`: who may; None: everybody, signed in or not. `owns`: the parameter, of the path or of the JSON body, that
    names a thing which the others must own who may. `counted`: which limit of rate it counts towards."""

    roles: tuple[Role, ...] | None = ("user", "annotator", "admin")
    owns: Owned | None = None
    others: tuple[Role, ...] = ()
    counted: Literal["calls", "sign_ins"] | None = "calls"


class TurnedAway(DanceError):
    """A request that no route sees, with the headers that its answer has nonetheless."""

    def __init__(self, code: str, message: str, details: dict[str, Any], headers: dict[str, str]) -> None:
        super().__init__(code, message, details)
        self.headers = headers


ANYBODY = Rule(roles=None, counted=None)
LINKED = Rule(roles=None)  # whoever has the link, as often as others may call
SIGNING_IN = Rule(roles=None, counted="sign_ins")
USERS = Rule()
ANNOTATORS = Rule(roles=("annotator", "admin"))
ADMINS = Rule(roles=("admin",))
SHOWN = Rule(owns="video_id", others=("annotator", "admin"))
CHANGED = Rule(owns="video_id", others=("admin",))
COMPOSITION = Rule(owns="composition_id", others=("admin",))
TEACHERS = Rule(roles=("annotator", "admin"), owns="video_id", others=("annotator", "admin"))
JOB = Rule(owns="job_id", others=("admin",))

ACCESS: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/health"): ANYBODY,
    ("GET", "/metrics"): ADMINS,
    ("POST", "/v1/auth/register"): SIGNING_IN,
    ("POST", "/v1/auth/code"): SIGNING_IN,
    ("POST", "/v1/auth/login"): SIGNING_IN,
    ("POST", "/v1/auth/refresh"): SIGNING_IN,
    ("POST", "/v1/auth/logout"): SIGNING_IN,
    ("GET", "/v1/auth/oidc"): SIGNING_IN,
    ("GET", "/v1/auth/oidc/callback"): SIGNING_IN,
    ("GET", "/v1/me"): USERS,
    ("PUT", "/v1/me/password"): Rule(counted="sign_ins"),
    ("GET", "/v1/api-keys"): USERS,
    ("POST", "/v1/api-keys"): USERS,
    ("DELETE", "/v1/api-keys/{key_id}"): Rule(owns="key_id"),
    ("GET", "/v1/webhooks"): USERS,
    ("POST", "/v1/webhooks"): USERS,
    ("PUT", "/v1/webhooks/{webhook_id}"): Rule(owns="webhook_id"),
    ("DELETE", "/v1/webhooks/{webhook_id}"): Rule(owns="webhook_id"),
    ("POST", "/v1/uploads/sign"): USERS,
    ("POST", "/v1/uploads/{upload_id}/content"): ANYBODY,  # whoever has the signed address
    ("POST", "/v1/uploads/{upload_id}/parts"): Rule(owns="upload_id"),
    ("GET", "/v1/uploads/{upload_id}/parts"): Rule(owns="upload_id"),
    ("PUT", "/v1/uploads/{upload_id}/parts/{number}/content"): ANYBODY,  # likewise
    ("POST", "/v1/videos"): Rule(owns="upload_id"),
    ("GET", "/v1/videos"): USERS,
    ("GET", "/v1/videos/{video_id}"): SHOWN,
    ("DELETE", "/v1/videos/{video_id}"): CHANGED,
    ("GET", "/v1/videos/{video_id}/segments"): SHOWN,
    ("GET", "/v1/videos/{video_id}/keypoints"): SHOWN,
    ("GET", "/v1/videos/{video_id}/preview"): SHOWN,
    ("GET", "/v1/videos/{video_id}/annotations"): SHOWN,
    ("POST", "/v1/annotations"): SHOWN,
    ("POST", "/v1/annotations/review"): ANNOTATORS,
    ("GET", "/v1/moves"): USERS,
    ("GET", "/v1/moves/{move_id}"): USERS,
    ("POST", "/v1/moves"): TEACHERS,
    ("POST", "/v1/moves/{move_id}/exemplars"): TEACHERS,
    ("GET", "/v1/moves/{move_id}/animation"): USERS,
    ("GET", "/v1/moves/{move_id}/exemplars/{exemplar_id}"): USERS,
    ("GET", "/v1/taxonomy/versions"): USERS,
    ("GET", "/v1/taxonomy/{semver}/moves"): USERS,
    ("POST", "/v1/taxonomy/{semver}/moves"): ADMINS,
    ("GET", "/v1/search/moves"): USERS,
    ("GET", "/v1/search/videos"): USERS,
    ("GET", "/v1/composer/suggest"): USERS,
    ("POST", "/v1/composer/suggest"): USERS,
    ("POST", "/v1/composer/plan"): USERS,
    ("POST", "/v1/composer/swap"): USERS,
    ("POST", "/v1/composer/regenerate"): USERS,
    ("POST", "/v1/composer/parse"): USERS,
    ("POST", "/v1/composer/events"): Rule(owns="about_id"),
    ("GET", "/v1/composer/experiment"): ADMINS,
    ("POST", "/v1/compositions"): USERS,
    ("GET", "/v1/compositions"): USERS,
    ("GET", "/v1/compositions/{composition_id}"): COMPOSITION,
    ("PUT", "/v1/compositions/{composition_id}"): COMPOSITION,
    ("DELETE", "/v1/compositions/{composition_id}"): COMPOSITION,
    ("GET", "/v1/compositions/{composition_id}/preview"): COMPOSITION,
    ("POST", "/v1/compositions/{composition_id}/remix"): COMPOSITION,
    ("GET", "/v1/compositions/{composition_id}/share"): COMPOSITION,
    ("POST", "/v1/compositions/{composition_id}/share"): COMPOSITION,
    ("DELETE", "/v1/compositions/{composition_id}/share"): COMPOSITION,
    ("POST", "/v1/compositions/{composition_id}/export"): COMPOSITION,
    ("POST", "/v1/compositions/{composition_id}/compare"): COMPOSITION,
    ("GET", "/v1/exports/{export_id}"): Rule(owns="export_id", others=("admin",)),
    ("GET", "/v1/exports/{export_id}/files/{name}"): ANYBODY,  # whoever has the signed address
    ("GET", "/v1/comparisons/{comparison_id}"): Rule(owns="comparison_id", others=("admin",)),
    ("GET", "/v1/shared/{token}"): LINKED,
    ("GET", "/v1/shared/{token}/preview"): LINKED,
    ("POST", "/v1/shared/{token}/remix"): USERS,
    ("GET", "/v1/search/patterns"): USERS,
    ("POST", "/v1/search/similar"): USERS,
    ("GET", "/v1/segments/{segment_id}/similar"): Rule(owns="segment_id", others=("annotator", "admin")),
    ("POST", "/v1/infer"): USERS,
    ("POST", "/v1/analysis"): CHANGED,
    ("POST", "/v1/analysis/outdated"): USERS,
    ("GET", "/v1/analysis/{job_id}"): JOB,
    ("GET", "/v1/analysis/{job_id}/events"): JOB,
    ("POST", "/v1/analysis/{job_id}/cancel"): JOB,
}
"""Every route. What is not in here does not start: see serve.ingress.api."""


def admit(
    services: Services, rule: Rule, headers: dict[str, str], address: str, now: datetime
) -> tuple[User | None, dict[str, str]]:
    """Who sends a request, and the headers that tell of the limit of rate.

    Raises DanceError: UNAUTHENTICATED, and with these headers FORBIDDEN and RATE_LIMITED.
    """
    if rule == ANYBODY:
        return None, {}
    credential = None if rule.roles is None else _credential(headers)

    def work(tx: Connection) -> tuple[User | None, rates.Rate]:
        user = None if credential is None else who(tx, credential, now)
        return user, rates.hit(tx, f"{rule.counted} {user.user_id if user else _subscriber(address)}", now)

    user, rate = transact(services.pool, work)
    told = _told(rule, rate, services.settings.serve)
    if user and rule.roles is not None and user.role not in rule.roles:
        raise TurnedAway("FORBIDDEN", f"only {' and '.join(rule.roles)} may do this, not {user.role}", {}, told)
    return user, told


def check_owner(services: Services, rule: Rule, user: User, name: Any) -> None:
    """Raise DanceError("NOT_FOUND") unless the thing of this name is the user's, or they see those of others too."""
    if rule.owns is None or not isinstance(name, str):
        return
    owner = owner_of(services.pool, rule.owns, name)
    if owner != user.user_id and user.role not in rule.others:
        raise DanceError("NOT_FOUND", f"there is no {name!r}")


async def named(request: Request, rule: Rule) -> Any:
    """The name of the thing that must be owned: from the path, else from a JSON body. None where there is none, which
    the route then refuses itself."""
    if rule.owns in request.path_params:
        return request.path_params[rule.owns]
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        return None
    return body.get(rule.owns) if isinstance(body, dict) else None


def _credential(headers: dict[str, str]) -> str:
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise DanceError("UNAUTHENTICATED", "say who you are: Authorization: Bearer TOKEN")
    return credential.strip()


def _subscriber(address: str) -> str:
    """What is counted of an address: of IPv6 the /64, in which a subscriber has as many addresses as they like."""
    try:
        found = ip_address(address)
    except ValueError:
        return address  # of no socket of the internet
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Address(int(found) >> 64 << 64))
    return address


def _told(rule: Rule, rate: rates.Rate, numbers: ServeSettings) -> dict[str, str]:
    most = numbers.calls_per_minute if rule.counted == "calls" else numbers.sign_ins_per_minute
    left = max(0, most - rate.count)
    told = {"RateLimit-Limit": str(most), "RateLimit-Remaining": str(left), "RateLimit-Reset": str(rate.reset_s)}
    if rate.count > most:
        said = f"at most {most} such requests a minute"
        raise TurnedAway("RATE_LIMITED", said, {"retry_after_s": rate.reset_s}, told)
    return told
