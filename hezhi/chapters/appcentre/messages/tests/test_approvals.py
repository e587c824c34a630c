"""Who must answer a request hears of it, and who asked hears the answer (审批通知)."""

import pytest

from hezhi.engines.flow.models import Approval as Request
from hezhi.engines.flow.parts import Approval
from hezhi.engines.org.api import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, make_officer, make_role
from hezhi.engines.reach.api import load_templates
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.registry import site
from hezhi.engines.registry.contract import World, forget_who_made_this

pytestmark = pytest.mark.django_db
APPROVE = "units.approve"


def told(event: str) -> list[tuple]:
    return list(
        Outgoing.objects.filter(event=event).values_list("user__login_name", "unit__code", "permission", "link")
    )


def test_a_request_is_told_to_its_approvers_and_its_answer_to_the_asker(client, monkeypatch) -> None:
    world = World(site.get("units"))
    monkeypatch.setattr(type(world.registry), "parts", (Approval(APPROVE, changes=("phone",)),))
    load_templates(by=system("测试"))
    forget_who_made_this()
    (row,) = world.rows()
    role = make_role("contract-approver", [APPROVE, "org.view"], reach=Role.Reach.OWN_UNIT, name="审批人")
    chief, deputy = (make_officer(login, role, world.mine, full_name=name) for login, name in (("chief", "核样例"), ("deputy", "副样例")))  # fmt: skip
    url = world.registry.url(row.pk, "edit")
    page = world.get(url)
    hidden = {n: page.context[n] for n in ("form_token", "row_version") if page.context.get(n)}
    world.client().post(url, world.typed(row) | hidden | {"phone": "0532-86009999"})
    request = Request.objects.get()
    link = f"/approvals/{request.pk}/"
    assert told("flow.approval_waiting") == [(None, world.mine.code, APPROVE, link)]
    assert "0532" not in str(list(Outgoing.objects.values_list("title", "text")))

    enter(client, chief).post(f"{link}cosigners/", {"person": str(deputy.pk)})
    assert ("deputy", None, "", link) in told("flow.approval_waiting")

    enter(client, deputy).post(f"{link}cosign/")
    assert enter(client, chief).post(f"{link}answer/", {"grant": "yes", "opinion": ""}).status_code == 302
    assert told("flow.approval_decided") == [("contract-officer", None, "", link)]
