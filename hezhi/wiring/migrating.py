"""Migrations from an empty database in a third of the time (迁移).

Django draws every model again that is anyhow related to the one an operation touches; here nearly all are
(people, units, history), and of a first installation's minute most went into drawing. An index, a constraint,
a trigger or a plain field changes no other model, and a new model changes none at all: only that one is drawn.
The state is then marked as Django itself marks a half-drawn one, so that a data migration (RunPython) is given
models drawn afresh and whole. What changes a relation goes Django's own way. How it was compared: decision 0040.
"""

from typing import Any

from django.core.management.commands import migrate
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState


class LeanState(ProjectState):
    """A project's state that draws again only what an operation changed."""

    def clone(self) -> "LeanState":
        state = super().clone()
        state.__class__ = LeanState
        return state  # type: ignore[return-value]

    def add_model(self, model_state: ModelState) -> None:
        """Add a model: those it points to are there already, and none of them changes."""
        key = model_state.app_label, model_state.name_lower
        self.models[key] = model_state
        if self._relations is not None:  # type: ignore[attr-defined]
            self.resolve_model_relations(key)
        if "apps" in self.__dict__:
            self.is_delayed = True
            self.apps.render_multiple([model_state])

    def _find_reload_model(self, app_label: str, model_name: str, delay: bool = False) -> set[tuple[str, str]]:
        if not delay:
            return super()._find_reload_model(app_label, model_name, delay)  # type: ignore[no-any-return,misc]
        self.is_delayed = True
        return {(app_label, model_name)}


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
            super().handle(*args, **options)
        finally:
            migrate.MigrationExecutor = MigrationExecutor  # type: ignore[attr-defined]
