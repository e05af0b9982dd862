"""One object of a JSONL file as typed data, or an error that says what is wrong with it and where."""

from pathlib import Path
from typing import Annotated, Mapping, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from ..errors import ALError, Errors
from ..jsonl import unfit

Number = Annotated[float, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Amount = Annotated[Number, Field(ge=0)]
Kind = TypeVar("Kind")


def checked(kind: TypeAdapter[Kind], values: Mapping[str, object], *, path: Path, line: int) -> Kind:
    """Make one of a kind of typed data; raises ALError A701 for the first value at fault.

    values (Mapping[str, object]): The object. path (Path), line (int): Where it stands.
    """
    try:
        return kind.validate_python(values)
    except ValidationError as error:
        field, value, problem = unfit(error)
        message = Errors.A701.format(path=path, line=line, field=field, value=value, problem=problem)
        raise ALError(message) from error
