"""Django's name tag of this room."""

from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "hezhi.engines.org"
    label = "org"
    verbose_name = "组织与权限"

    def ready(self) -> None:
        from allauth.account.signals import password_changed
        from allauth.mfa.signals import authenticator_removed
        from django.contrib.auth.signals import user_logged_in

        from hezhi.engines.org import sessions

        user_logged_in.connect(sessions.begin, dispatch_uid="org.sessions.begin")
        password_changed.connect(sessions.follow, dispatch_uid="org.sessions.follow")
        authenticator_removed.connect(sessions.forget_second_factor, dispatch_uid="org.sessions.factor")
