"""The registries in the menu (菜单): each under its group, for those who may view it."""

from dataclasses import dataclass

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.addresses import PAGES
from hezhi.engines.registry.site import registries


@dataclass(frozen=True)
class MenuEntry:
    """One line of the menu."""

    name: str
    url: str
    icon: str = "list"


def menu_entries(actor: Actor) -> list[tuple[str, list[MenuEntry]]]:
    """The registries this person may open, as (group, entries); one without a group stands in no menu."""
    groups: dict[str, list[MenuEntry]] = {}
    for registry in registries():
        if registry.group and registry.offers_to(actor, "view"):
            groups.setdefault(registry.group, []).append(MenuEntry(registry.title, registry.url(), registry.icon))
    if any(registry.offers_to(actor, "export") for registry in registries()):
        groups["导出"] = [MenuEntry("我的导出", f"{PAGES}/exports/", "download")]
    return list(groups.items())
