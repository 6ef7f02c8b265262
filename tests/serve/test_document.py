"""The OpenAPI document: complete, and its examples keep to its own rules."""

import json
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dancecore.errors import CODES
from serve.ingress.access import ACCESS
from serve.ingress.errors import STATUS
from serve.ingress.examples import page
from serve.ingress.failures import OWN
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    from serve.ingress.api import describe

    return describe()


def test_every_shape_has_an_example_that_is_valid(document: dict[str, Any]) -> None:
    schemas = json.loads(json.dumps(document["components"]["schemas"]).replace("#/components/schemas/", "#/$defs/"))
    shapes = {
        name: schema
        for name, schema in schemas.items()
        if schema.get("type") == "object" and not name.startswith(("Page_", "Body_"))
    }
    assert len(shapes) > 30
    for name, schema in shapes.items():
        validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schemas})
        assert schema["examples"], name
        for example in schema["examples"]:
            validator.validate(example)


@pytest.mark.parametrize("route", sorted(ACCESS), ids=" ".join)
def test_every_route_says_what_it_does_and_how_it_fails(document: dict[str, Any], route: tuple[str, str]) -> None:
    said = document["paths"][route[1]][route[0].lower()]
    assert said["description"]
    assert said["tags"]
    assert ("security" in said) == (ACCESS[route].roles is not None)
    assert all(status.isdigit() for status in said["responses"])
    assert "500" in said["responses"]
    assert ("429" in said["responses"]) == (ACCESS[route].counted is not None)
    for status, response in said["responses"].items():
        if status >= "400":
            shown = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
            for code, example in shown["content"]["application/json"]["examples"].items():
                assert example["value"]["error"]["code"] == code
                assert f"`{code}`: {CODES[code]}" in shown["description"]
                assert STATUS.get(code, 422) == int(status)


@pytest.mark.parametrize("route", sorted(route for route in ACCESS if route[0] == "POST"), ids=" ".join)
def test_a_route_says_whether_it_takes_an_idempotency_key(document: dict[str, Any], route: tuple[str, str]) -> None:
    said, taken = document["paths"][route[1]]["post"], ACCESS[route].roles is not None
    assert ("Idempotency-Key" in {each["name"] for each in said.get("parameters", ())}) == taken
    assert ("`Idempotency-Key` is not heeded" in said["description"]) == (not taken)


FAILURES = {
    ("GET", "/v1/health"): {"500", "503"},
    ("GET", "/v1/me"): {"401", "429", "500", "503"},
    ("GET", "/v1/moves"): {"401", "403", "422", "429", "500", "503"},
    ("GET", "/v1/auth/oidc"): {"404", "429", "500", "502", "503"},
    ("PUT", "/v1/compositions/{composition_id}"): {"401", "404", "412", "413", "422", "428", "429", "500", "503"},
    ("POST", "/v1/videos"): {"401", "403", "404", "409", "413", "422", "429", "500", "503"},
    ("GET", "/v1/exports/{export_id}/files/{name}"): {"403", "404", "422", "500", "503"},
}


@pytest.mark.parametrize("route", FAILURES, ids=" ".join)
def test_a_route_tells_its_own_failures(document: dict[str, Any], route: tuple[str, str]) -> None:
    said = document["paths"][route[1]][route[0].lower()]["responses"]
    assert {status for status in said if status >= "400"} == FAILURES[route]


def test_what_is_told_besides_is_of_routes_and_codes_that_there_are() -> None:
    assert set(OWN) <= set(ACCESS)
    assert {code for codes in OWN.values() for code in codes.split()} <= set(CODES)


def test_the_document_is_served(api: TestClient, document: dict[str, Any]) -> None:
    assert isinstance(api.app, FastAPI)
    assert api.get("/v1/openapi.json").json() == document


def test_the_document_is_the_one_that_clients_are_made_of(document: dict[str, Any]) -> None:
    assert json.loads((ROOT / "clients/openapi.json").read_text()) == document, "make generate"
    assert (ROOT / "serve/API.md").read_text() == page(document), "make generate"


def test_what_is_made_says_where_to_go_on(document: dict[str, Any]) -> None:
    links = document["paths"]["/v1/analysis"]["post"]["responses"]["202"]["links"]
    operation = document["paths"]["/v1/analysis/{job_id}"]["get"]["operationId"]
    assert links[f"job_id_of_{operation}"] == {
        "operationId": operation, "parameters": {"job_id": "$response.body#/job_id"},
    }  # fmt: skip
    known = {said["operationId"] for item in document["paths"].values() for said in item.values()}
    assert {link["operationId"] for link in links.values()} <= known
