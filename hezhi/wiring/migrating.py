"""Migrations from an empty database in a third of the time (迁移).

Django draws every model again that is anyhow related to the one an operation touches; here nearly all are
(people, units, history), and of a first installation's minutes most went into drawing. An index, a constraint, a
trigger or a field that nothing points to changes the columns of no other model, and a new model changes none at
all: only that one is drawn. The state is then marked as Django itself marks a half-drawn one, so that a data
migration (RunPython) is given models drawn afresh and whole. A field that others point to, and whatever is renamed
or removed as a whole, goes Django's own way. How it was compared: decision 0040.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.core.management.commands import migrate
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import field_is_referenced


class LeanState(ProjectState):
    """A project's state that draws again only what an operation changed."""

    def clone(self) -> "LeanState":
        """A state beside this one; Django makes one before each operation, and examines each field of each model again."""
        state = LeanState({key: _twin(model) for key, model in self.models.items()}, real_apps=self.real_apps)
        if "apps" in self.__dict__:
            state.apps = self.apps.clone()
        state.is_delayed = self.is_delayed
        return state

    def add_model(self, model_state: ModelState) -> None:
        """Add a model: those it points to are there already, and none of them changes."""
        key = model_state.app_label, model_state.name_lower
        self.models[key] = model_state
        if self._relations is not None:  # type: ignore[attr-defined]
            self.resolve_model_relations(key)
        if "apps" in self.__dict__:
            self.is_delayed = True
            self.apps.render_multiple([model_state])

    def add_field(self, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool) -> None:
        """Add a field: nothing points to it yet."""
        with self._alone(True):
            super().add_field(app_label, model_name, name, field, preserve_default)  # type: ignore[misc]

    def alter_field(self, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool) -> None:
        """Change a field, which concerns other models only where they point to it."""
        with self._alone(not field_is_referenced(self, (app_label, model_name), (name, field))):  # type: ignore[no-untyped-call]
            super().alter_field(app_label, model_name, name, field, preserve_default)  # type: ignore[misc]

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        super().reload_model(app_label, model_name, delay or getattr(self, "_lone", False))

    @contextmanager
    def _alone(self, lone: bool) -> Iterator[None]:
        self._lone = lone
        try:
            yield
        finally:
            self._lone = False

    def _find_reload_model(self, app_label: str, model_name: str, delay: bool = False) -> set[tuple[str, str]]:
        if not delay:
            return super()._find_reload_model(app_label, model_name, delay)  # type: ignore[no-any-return,misc]
        self.is_delayed = True
        return {(app_label, model_name)}


def _twin(model: ModelState) -> ModelState:
    """The same model with fields, options and managers of its own: what `ModelState.clone` gives."""
    twin = object.__new__(ModelState)
    own = {"fields": dict(model.fields), "options": dict(model.options), "managers": list(model.managers)}
    twin.__dict__ |= model.__dict__ | own
    return twin


class LeanExecutor(MigrationExecutor):
    """Django's executor over lean states."""

    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        state: Any = super()._create_project_state(with_applied_migrations)  # type: ignore[misc]
        state.__class__ = LeanState
        return state  # type: ignore[no-any-return]


class Command(migrate.Command):
    """`migrate`, with the lean executor."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run Django's own command."""
        migrate.MigrationExecutor = LeanExecutor  # type: ignore[attr-defined]
        try:
            with _swapped_models_remembered():
                super().handle(*args, **options)
        finally:
            migrate.MigrationExecutor = MigrationExecutor  # type: ignore[attr-defined]


@contextmanager
def _swapped_models_remembered() -> Iterator[None]:
    """Django forgets which of our models may be swapped with each state it draws, and looks through all of them again."""
    asked_anew = vars(Apps)["get_swappable_settings_name"].__wrapped__
    apps.get_swappable_settings_name = cache(partial(asked_anew, apps))  # type: ignore[method-assign]
    try:
        yield
    finally:
        del apps.get_swappable_settings_name
