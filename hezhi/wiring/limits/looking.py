"""Looking at the house as it stands (查看现状): the world that the guards are given outside of tests."""

from django.apps import apps

from hezhi.chapters.appcentre.users.api import seed_roles
from hezhi.engines.registry import site
from hezhi.wiring.limits.promises import facts
from hezhi.wiring.limits.world import World, addresses, allowed, is_ours, texts


def world() -> World:
    """The house as it stands now."""
    return World(
        models=[model for model in apps.get_models() if is_ours(model)],
        registries=site.registries(),
        roles=seed_roles(),
        addresses=addresses(),
        texts=texts,
        facts=facts(),
        allowed=allowed(),
    )
