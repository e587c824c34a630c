"""Django's name tag of this room."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "hezhi.chapters.appcentre.users"
    label = "users"
    verbose_name = "用户管理"

    def ready(self) -> None:
        from hezhi.chapters.appcentre.users import events, rules
        from hezhi.chapters.appcentre.users.actions import granting, resetting
        from hezhi.engines.org.permissions import declare

        declare(rules.permission_names())
        events.listen()
        granting.register()
        resetting.register()
