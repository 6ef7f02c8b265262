"""The OpenAPI document: complete, and its examples keep to its own rules."""

import json
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serve.ingress.access import ACCESS
from serve.ingress.examples import page
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
    assert {"4XX", "5XX"} <= set(said["responses"])
    assert ("security" in said) == (ACCESS[route].roles is not None)


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
