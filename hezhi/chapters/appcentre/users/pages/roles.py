"""Roles and their rights (角色管理, 10.1-3): the policy as a table, as a document, and its change."""

import io
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hezhi.chapters.appcentre.users import actions
from hezhi.chapters.appcentre.users.pages import forms
from hezhi.chapters.appcentre.users.rules import by_area
from hezhi.engines.org.api import Role, needs, reader
from hezhi.engines.org.permissions import all_permissions
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.tables import write_rows
from hezhi.ground.ui.asking import ask

clause = "10.1-3"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs("org.view", clause=clause)
@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """All roles beside all permissions (角色权限表); for reading and for print."""
    found, text = list(Role.objects.all()), request.GET.get("q", "").strip()[:40]
    areas = [
        (area, [(name, [code in role.permissions for role in found]) for code, name in rights])
        for area, rights in by_area(all_permissions(), text)
    ]
    return render(request, "users/roles.html", {
        "roles": found, "areas": areas, "text": text, "all": len(all_permissions()), "width": len(found) + 1,
        "shown": sum(len(rows) for _, rows in areas), "may_edit": reader(request).may("org.roles"), "now": time.now(),
    })  # fmt: skip


@needs("org.view", clause=clause)
@require_GET
def policy_document(request: HttpRequest) -> HttpResponse:
    """The access policy as a document (访问控制策略, 8.1.4.2 e): permissions down, roles across, as on the page."""
    found = list(Role.objects.all())
    rows: list[list[object]] = [["类型", "", *(role.get_kind_display() for role in found)]]
    rows.append(["数据范围", "", *(role.get_reach_display() for role in found)])
    rows.append(["密级", "", *(role.clearance for role in found)])
    rows += [
        [name, code, *("有" if code in role.permissions else "" for role in found)]
        for code, name in all_permissions().items()
    ]
    rows.append(["说明", "", *(role.description for role in found)])
    rows.append([f"截至 {time.show(time.now())}，由 {reader(request).name} 导出"])
    with acting(reader(request), verb="users.export_policy") as deed:
        deed.detail |= {"roles": len(found)}
    file = io.BytesIO()
    write_rows(file, "访问控制策略", ["权限", "代码", *(role.name for role in found)], rows)
    answer = HttpResponse(file.getvalue(), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="access-policy-{time.today():%Y%m%d}.xlsx"'
    return answer


@needs("org.roles", clause=clause)
def edit_role(request: HttpRequest, code: str) -> HttpResponse:
    """Propose what a role may do and how far it sees (角色授权); it takes effect when a second person has approved."""
    role = get_object_or_404(Role, code=code)

    def do(typed: dict[str, Any]) -> None:
        actions.propose_role(role, by=reader(request), **typed)
        messages.success(request, f"「{role}」的授权变更已提交，经第二人审批后生效。")

    return ask(request, partial(forms.RoleRights, role=role), f"角色授权：{role}", do, reverse("users_roles"))
