"""All registries of the running system (台账总目): declared in `registries.py` of each room, found at start."""

from importlib import import_module
from pathlib import Path
from typing import TypeVar

from django.apps import apps

from hezhi.engines.org import permissions
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import GIVEN
from hezhi.ground.errors import NotFound

R = TypeVar("R", bound=type[Registry])
_declared: dict[str, Registry] = {}
SKIPPED = {"migrations", "tests", "templates", "static"}


def register(cls: R) -> R:
    """Make a declaration known (登记声明). The same class may come twice, two classes with one slug may not."""
    model = getattr(cls, "model", None)
    if model is not None:
        cls.slug = cls.slug or f"{model._meta.model_name}s".replace("_", "-")
        cls.title = cls.title or str(model._meta.verbose_name)
    known = _declared.get(cls.slug)
    if known is not None and _origin(type(known)) != _origin(cls):
        raise ValueError(f"Two registries share the address {cls.slug!r}: {_origin(type(known))} and {_origin(cls)}.")
    made = cls()
    kinds = {type(part) for part in cls.parts}
    cls.parts = (*cls.parts, *(p for p in GIVEN if model is not None and type(p) not in kinds and p.fits(made)))
    _declared[cls.slug] = cls()
    return cls


def forget(slug: str) -> None:
    """Take a declaration away again; for tests that declare their own."""
    _declared.pop(slug, None)


def registries() -> list[Registry]:
    """Every declaration, in the order in which they were found."""
    return list(_declared.values())


def get(slug: str) -> Registry:
    """The registry at this address; refuses with a letter when there is none."""
    try:
        return _declared[slug]
    except KeyError:
        raise NotFound(what=f"没有名为“{slug}”的台账。", code="registry.unknown") from None


def discover() -> None:
    """Read `registries.py` of every app, and of the sub-rooms of an app that are no apps themselves."""
    for app in apps.get_app_configs():
        root = Path(app.path)
        if (root / "registries" / "__init__.py").exists():  # a room with many of them keeps a folder
            import_module(f"{app.name}.registries")
        for file in (root / "registries.py", *sorted(root.glob("*/registries.py"))):
            if file.exists() and file.parent.name not in SKIPPED:
                below = file.parent.relative_to(root).parts
                import_module(".".join((app.name, *below, "registries")))
    for registry in registries():
        connect(registry)


def connect(registry: Registry) -> None:
    """Make a declaration known to the rooms below: its permissions by name, its parts."""
    for part in registry.parts:
        part.connect(registry)
    if isinstance(registry.right, str) and registry.right:
        permissions.declare(registry.permissions())


def _origin(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
