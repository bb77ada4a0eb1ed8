"""Tortoise's migration executor, with a state that costs what a migration changes, not what all tables weigh.

Tortoise copies the whole state before each operation: every model is built anew, with its filters and its
queries. For a hundred operations that is 8 s of CPU for 0.2 s of statements. Here a copy shares models and
fields, since an operation never changes one but puts another in its place, and queries are left out, since
only Python code in a migration asks for them. Where a set of migrations has such code, Tortoise does it all.
"""

from dataclasses import replace

from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps


class _Apps(StateApps):
    """Models by app and name; a copy has the same ones."""

    def _build_initial_querysets(self) -> None:
        """Build none: statements of tables do not come from queries."""

    def unregister_model(self, app_label: str, model_name: str) -> None:
        """Forget a model here; copies go on having it, and it goes on knowing its app."""
        self.apps.get(app_label, {}).pop(model_name, None)

    def clone(self, model_states: dict[tuple[str, str], ModelState] | None = None) -> "_Apps":
        copied = _Apps(dict(self._default_connections), self._connections)
        copied.apps = {label: dict(models) for label, models in self.apps.items()}
        return copied


class _State(State):
    """What the tables are; a copy has lists of its own of the same fields."""

    def clone(self) -> "_State":
        models = {
            key: replace(model, options=dict(model.options), fields=dict(model.fields))
            for key, model in self.models.items()
        }
        return _State(models=models, apps=self.apps.clone(model_states=models))


class Executor(MigrationExecutor):
    """Runs migrations; the statements are Tortoise's own, to the letter."""

    @property
    def only_statements(self) -> bool:
        """Whether no migration runs Python code, so that what one schema needs, its like needs, too."""
        nodes = self.loader.graph.nodes.values()
        found = [migration for migration in nodes if isinstance(migration, Migration)]
        return all(operation.reduces_to_sql for migration in found for operation in migration.operations)

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        if not self.only_statements:
            return await super()._project_state(applied, upto=upto)
        connections = {label: app["default_connection"] for label, app in self.loader.apps_config.items()}
        state = _State(models={}, apps=_Apps(connections))
        for key in self._full_plan():
            if key == upto:
                break
            migration = self.loader.graph.nodes[key]
            if key in applied and isinstance(migration, Migration):
                await migration.apply(state, dry_run=True, schema_editor=None)
        return state
