"""What all shapes of the API share. Every shape has an example, which a test holds to its own rules."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
"""What something is called; PostgreSQL's text holds no NUL."""


class Shape(BaseModel):
    """A JSON object of the API. Fields that it does not know it refuses, and values of another type than the document
    says, such as "8" or true for a number; see `example` for how to give examples."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def kinds(cls) -> Iterator[type["Shape"]]:
        """All shapes."""
        for kind in cls.__subclasses__():
            yield from (kind, *kind.kinds())


def example(**values: Any) -> ConfigDict:
    """The configuration of a shape with this example."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [values]})


class Fault(Shape):
    """What went wrong: a stable code, plain words, and what a program may want to know."""

    code: str
    message: str
    details: dict[str, Any]
    model_config = example(code="INVALID_INPUT", message="body.email: an e-mail address", details={})


class Failure(Shape):
    """The one shape of every failure."""

    error: Fault
    model_config = example(error={"code": "NOT_FOUND", "message": "there is no 'vid_0'", "details": {}})
