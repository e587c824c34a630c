"""Rooms that only tests have (测试专用的房间): their tables are made by the owner, as a migration would.

The application's role cannot make tables, so the statements are collected and sent on the owner's line.
"""

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pgtrigger
import psycopg
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connection, models
from django.test import override_settings

from hezhi.engines.registry import site, urls
from hezhi.engines.registry.declaration import Registry
from hezhi.ground.testkit.databases import with_name


@contextmanager
def room(folder: Path, name: str, owner_url: str) -> Iterator[types.ModuleType]:
    """Install the package `name` under `folder` as an app with tables, and read its `registries.py`.

    Django knows a model once and for all, so a second use in the same run takes the package of the first.
    """
    config = _config(folder, name)
    # Not by INSTALLED_APPS: that would start every other app a second time.
    apps.app_configs[config.label] = config
    apps.clear_cache()
    config.import_models()
    module = importlib.import_module(f"{name}.registries")
    declared = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Registry)]
    new = [site.register(each)() for each in declared if each is not Registry]
    try:
        make_tables(list(config.get_models()), owner_url)
        for registry in new:
            site.connect(registry)
        with override_settings(ROOT_URLCONF=_addresses(new)):
            yield module
    finally:
        for registry in new:
            site.forget(registry.slug)
        del apps.app_configs[config.label]
        apps.clear_cache()


@cache
def _config(folder: Path, name: str) -> AppConfig:
    sys.path.insert(0, str(folder))
    config = AppConfig.create(name)
    config.apps, config.models = apps, apps.all_models[config.label]
    return config


def make_tables(made: list[type[models.Model]], owner_url: str) -> None:
    """Create the tables of these models and their history triggers, as the owner."""
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        for model in made:
            if not model._meta.proxy:
                editor.create_model(model)
        statements = [line for line in editor.collected_sql if not line.startswith("--")]
        statements += [str(s) for s in editor.deferred_sql]
        editor.deferred_sql.clear()
    for model, trigger in pgtrigger.registered():
        if model in made:
            statements.append(trigger.compile(model).install_sql)
    address = with_name(owner_url, connection.settings_dict["NAME"])
    app_role = connection.settings_dict["USER"]
    with psycopg.connect(address, autocommit=True) as owner:
        for model in made:
            owner.execute(f'DROP TABLE IF EXISTS "{model._meta.db_table}" CASCADE')
        for statement in statements:
            owner.execute(statement)
        for model in made:  # what an erasure may reach, as after a migration
            tracked = getattr(model, "pgh_tracked_model", None)
            if tracked is not None:
                owner.execute(
                    "INSERT INTO records_historytable VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    [model._meta.db_table, tracked._meta.db_table],
                )
        for model in made:
            owner.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{model._meta.db_table}" TO {app_role}')


def _addresses(new: list[Registry]) -> str:
    """A module of addresses: the house's own and those of the new registries."""
    own = importlib.import_module(settings.ROOT_URLCONF)
    module = types.ModuleType("registry_test_addresses")
    module.urlpatterns = [*own.urlpatterns, *(p for registry in new for p in urls.patterns_of(registry))]
    module.handler404, module.handler500 = own.handler404, own.handler500
    sys.modules[module.__name__] = module
    return module.__name__
