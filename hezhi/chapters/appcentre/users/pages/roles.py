"""Roles and their rights (角色管理, 10.1-3): the policy as a table, as a document, and its change."""

import csv
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hezhi.chapters.appcentre.users import actions
from hezhi.chapters.appcentre.users.pages import forms
from hezhi.engines.org.api import Role, needs, reader
from hezhi.engines.org.permissions import all_permissions, name_of
from hezhi.ground import time
from hezhi.ground.ui.asking import ask

clause = "10.1-3"
HEAD = ("角色", "类型", "数据范围", "密级", "权限", "说明")


@needs("org.view", clause=clause)
@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """All roles beside all permissions (角色权限表); for reading and for print."""
    found = list(Role.objects.all())
    rows = [(name, [code in role.permissions for role in found]) for code, name in all_permissions().items()]
    return render(request, "users/roles.html", {
        "roles": found, "rows": rows, "may_edit": reader(request).may("org.roles"), "now": time.now(),
    })  # fmt: skip


@needs("org.view", clause=clause)
@require_GET
def policy_document(request: HttpRequest) -> HttpResponse:
    """The access policy as a file (访问控制策略, 8.1.4.2 e), one line per role."""
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="access-policy-{time.today():%Y%m%d}.csv"'
    lines = csv.writer(answer)
    lines.writerow(HEAD)
    for role in Role.objects.all():
        held = "、".join(name_of(code) for code in role.permissions)
        lines.writerow(
            [role.name, role.get_kind_display(), role.get_reach_display(), role.clearance, held, role.description]
        )
    return answer


@needs("org.roles", clause=clause)
def edit_role(request: HttpRequest, code: str) -> HttpResponse:
    """Change what a role may do and how far it sees (角色授权); never a role one holds."""
    role = get_object_or_404(Role, code=code)

    def do(typed: dict[str, Any]) -> None:
        actions.set_role(role, by=reader(request), **typed)
        messages.success(request, f"「{role}」的权限已调整，对任职人员立即生效。")

    return ask(request, partial(forms.RoleRights, role=role), f"角色授权：{role}", do, reverse("users_roles"))
