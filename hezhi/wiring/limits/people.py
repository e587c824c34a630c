"""Which tables are about persons, and which about persons in care (涉及个人的表).

Not told by hand: a table that holds identity is a root, and whatever points to a root by a foreign key, over
however many steps, hangs on a person. So a table that somebody adds next year is found by itself.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import models

from hezhi.engines.records.vault import BlindIndexField, SealedTextField

ROOTS = ("registers.resident",)
IDENTITY = {"id_number", "resident_id", "id_card", "identity_number", "birth_date", "ethnicity", "marital_state"}
SEALED_IDENTITY = {"name", "full_name", "phone", "address", "id_number"}
CARE = "care"
CARE_ROOTS = {"carefile", "petitionmatter", "emergencylist", "rightsrequest"}
STAFF = "org.user"


class People:
    """The graph of tables that hang on persons, worked out once for a set of models."""

    def __init__(self, found: Sequence[type[models.Model]]) -> None:
        self.models = list(found)
        self.roots = {model for model in found if _is_root(model)}
        self.hanging = self._reach(self.roots)
        roots = {model for model in found if _label(model) in {f"{CARE}.{name}" for name in CARE_ROOTS}}
        own = {model for model in found if model._meta.app_label == CARE and model in self.hanging}
        touching = {model for model in self.hanging if any(_app(t) == CARE for _, t in targets(model))}
        self.special = self._reach(roots | own | touching)

    def _reach(self, roots: set[type[models.Model]]) -> set[type[models.Model]]:
        """The roots and everything that points to them, directly or over other tables."""
        reached = set(roots)
        while True:
            labels = {_label(model) for model in reached}
            new = {m for m in self.models if m not in reached and any(t in labels for _, t in targets(m))}
            if not new:
                return reached
            reached |= new

    def names(self, found: set[type[models.Model]]) -> dict[str, type[models.Model]]:
        """Class name → model, for reading sources."""
        return {model.__name__: model for model in found}


def targets(model: type[models.Model]) -> Iterator[tuple[Any, str]]:
    """The relations of a table: field and label of what it points to (many-to-many included)."""
    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
        if field.remote_field is not None:
            yield field, target_of(field)


def target_of(field: Any) -> str:
    """The label of what a relation points to, also while Django has not resolved it."""
    told = field.remote_field.model
    if isinstance(told, str):
        return (field.model._meta.label_lower if told == "self" else told).lower()
    return _label(told)


def resolved(field: Any) -> type[models.Model] | None:
    """The model a relation points to."""
    told = field.remote_field.model
    if not isinstance(told, str):
        return told  # type: ignore[no-any-return]
    try:
        return apps.get_model(target_of(field))
    except (LookupError, ValueError):
        return None


def where(model: type[models.Model], field: str = "") -> str:
    """«care.CareFile.needs»: how a table or a field is named in findings and in the list of exceptions."""
    return f"{model._meta.label}.{field}" if field else str(model._meta.label)


def own_fields(model: type[models.Model]) -> list[Any]:
    """The columns of a table, those of its abstract bases included, without its key."""
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _is_root(model: type[models.Model]) -> bool:
    if _label(model) == STAFF:
        return False
    if _label(model) in ROOTS:
        return True
    fields = own_fields(model)
    if {field.name for field in fields} & IDENTITY:
        return True
    named = any(isinstance(f, SealedTextField) and f.name in SEALED_IDENTITY for f in fields)
    return named or any(isinstance(f, BlindIndexField) for f in fields)


def _label(model: type[models.Model]) -> str:
    return str(model._meta.label_lower)


def _app(label: str) -> str:
    return label.partition(".")[0]
