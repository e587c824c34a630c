"""The first people of an installation (首任管理员)."""

from hezhi.engines.org.actions.accounts import create_account
from hezhi.engines.org.actions.posts import create_post, create_unit, grant_post, running
from hezhi.engines.org.models import Holding, Post, Role, Unit, User
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow


def create_first_administrator(
    role: Role, login_name: str, full_name: str, *, unit_name: str = "区社会治理中心"
) -> tuple[User, str]:
    """The first administrator of one of the three kinds, when nobody holds that office yet (首个管理员).

    The only holding nobody grants: called by the installer's `hezhi createadmin` for each kind, never by
    a page. Raises NotNow when the office is filled.
    """
    if role.kind == Role.Kind.BUSINESS:
        raise BadInput({"role": "首个管理员只能是系统、安全或审计管理员。"})
    held = running(Holding.objects.filter(post__role__kind=role.kind, user__is_active=True), time.now())
    if held.exists():
        raise NotNow(
            f"已有{role.name}，不能再以安装方式创建。",
            remedy="请由现任安全管理员在系统中授予。",
            code="org.office_filled",
        )
    unit = Unit.objects.filter(parent__isnull=True, kind=Unit.Kind.CENTRE).first()
    unit = unit or create_unit("centre", unit_name, Unit.Kind.CENTRE)
    user, password = create_account(login_name, full_name)
    post = Post.objects.filter(unit=unit, role=role).first() or create_post(unit, role)
    grant_post(post, user, reason="系统安装")
    return user, password
