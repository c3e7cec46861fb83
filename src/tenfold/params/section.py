"""The base class of every section of params.yaml."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationInfo, field_validator

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\- ]*$", max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys are errors, and no value is silently converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _bare_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """`require:` without a value means the default."""
        field = cls.model_fields[info.field_name or ""]
        return value if value is not None or field.is_required() else field.get_default()
