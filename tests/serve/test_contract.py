"""The API is what its OpenAPI document says: schemathesis calls every route, with what is right and what is wrong, and
goes from call to call by the links. No 5xx, no status that the document does not tell of, and no code of a failure that
it does not tell of under that status.

The service is whole but for Serve: a database, a store, and a worker that takes analyses out of the queue.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import AuthContext, Case, CheckContext, GenerationMode, Response, check
from schemathesis.config import SchemathesisConfig
from schemathesis.hooks import HookContext
from schemathesis.openapi import from_asgi
from schemathesis.schemas import BaseSchema

from cluster.idempotency import LONGEST
from cluster.ids import ulid
from serve.ingress.access import ACCESS
from serve.ingress.api import create_app
from tests.serve import told
from tests.serve.live import Live


@pytest.fixture(scope="module")
def contract(live: Live) -> BaseSchema:
    """The document as it is served. Every other time, something that is there is asked for. How quick answers are on a
    busy machine is not the question."""
    config = SchemathesisConfig.from_dict({"checks": CHECKS, "request-timeout": 120})
    schema = from_asgi("/v1/openapi.json", create_app(live.using), config=config)

    @schema.auth()
    class Token:
        def get(self, case: Case, context: AuthContext) -> str:
            return live.token

        def set(self, case: Case, data: str, context: AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    def known(given: Any) -> Any:
        if isinstance(given, dict):
            ids = ((name, live.ids.get(name, value) if _often(value) else value) for name, value in given.items())
            return dict(ids)
        return given

    @schema.hook
    def map_path_parameters(context: HookContext, path_parameters: Any) -> Any:
        return known(path_parameters)

    @schema.hook
    def map_body(context: HookContext, body: Any) -> Any:
        return known(body)

    @schema.hook
    def map_headers(context: HookContext, headers: Any) -> Any:
        """A key that was used before is answered as it was then, whatever has become of what was made."""
        key = (headers or {}).get("Idempotency-Key", "")
        return {**headers, "Idempotency-Key": ulid("once")} if 1 <= len(key) <= LONGEST else headers

    return schema


def _often(value: Any) -> bool:
    """What is no string is wrong, and is to stay so."""
    return isinstance(value, str) and len(value) % 2 == 1


CHECKS: dict[str, Any] = {
    "positive_data_acceptance": {"enabled": False},  # that a cursor, a code, a span is well formed is not that it fits
}

QUICKLY = settings(
    deadline=None, max_examples=5, derandomize=True, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
THOROUGHLY = settings(QUICKLY, max_examples=200, derandomize=False)


def call(contract: BaseSchema, route: tuple[str, str], how: settings) -> None:
    """Call a route with what is right and with what is wrong."""
    method, path = route
    operation = contract[path][method]
    cases = strategies.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @how
    @given(case=cases)
    def answered(case: Case) -> None:
        case.call_and_validate()

    answered()


@check
def told_of(context: CheckContext, response: Response, case: Case) -> None:
    """Whether a failure is one of its route."""
    if response.status_code >= 400:
        told.check(case.operation.method.upper(), case.operation.path, response.status_code, response.json())


def walk(contract: BaseSchema, how: settings) -> None:
    """Go from call to call by the links, so many ways as `how` says.

    What the service remembers changes what the next way can do, which Hypothesis takes for a flaw of its strategy. As
    schemathesis' own runner does, others are then begun; but a failure that was met stays one.
    """
    machine = contract.as_state_machine()
    failures: list[BaseException] = []

    class Walk(machine):  # type: ignore[misc, valid-type]  # made from the document
        begun = 0

        def setup(self) -> None:
            Walk.begun += 1
            super().setup()

        def validate_response(self, response: Response, case: Case, **given: Any) -> None:
            try:
                super().validate_response(response, case, **given)
            except BaseException as failure:
                failures.append(failure)
                raise

    while Walk.begun < how.max_examples:
        try:
            Walk.run(settings=how)
        except FlakyStrategyDefinition:
            if failures:
                raise failures[0] from None


@pytest.mark.parametrize("route", sorted(ACCESS), ids=" ".join)
def test_a_route_is_as_described(contract: BaseSchema, route: tuple[str, str]) -> None:
    call(contract, route, QUICKLY)


def test_from_call_to_call(contract: BaseSchema) -> None:
    walk(contract, settings(QUICKLY, max_examples=10, stateful_step_count=8))


@pytest.mark.slow
@pytest.mark.parametrize("route", sorted(ACCESS), ids=" ".join)
def test_a_route_is_as_described_whatever_is_asked(contract: BaseSchema, route: tuple[str, str]) -> None:
    call(contract, route, THOROUGHLY)


@pytest.mark.slow
def test_a_long_way_from_call_to_call(contract: BaseSchema) -> None:
    walk(contract, settings(THOROUGHLY, stateful_step_count=20))
