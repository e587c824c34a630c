"""9.1.3-3-1: needs, resources and projects: matched by hand from suggestions, claimed, done, judged by another."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hezhi.chapters.grassroots.party import actions, queries, rules
from hezhi.chapters.grassroots.party.models import Need, Project, Resource
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

pytestmark = pytest.mark.clause("9.1.3-3-1")


def entered(party, slug: str, by=None, **told):
    """A row of one of the lists, through its form."""
    return registry_actions.create(site.get(slug), told, by=party.by(by or party.secretary))


def need(party, **more) -> Need:
    told = {"organisation": str(party.branch.pk), "title": "楼道堆物清理", "kind": "environment", "asked_by": "residents",
            "text": "三号楼楼道堆了旧家具，请协助清运", "place": "三号楼", "wanted_by": ""}  # fmt: skip
    return entered(party, "party-needs", **told | more)


def resource(party, organisation, by=None, **more) -> Resource:
    told = {"organisation": str(organisation.pk), "title": "货车和志愿者", "giver": "样例物流公司", "kinds": ["environment"],
            "text": "每月一次清运旧家具", "reaches": "community", "since": str(time.today() - timedelta(days=9)), "until": ""}  # fmt: skip
    return entered(party, "party-resources", by=by, **told | more)


def test_a_need_finds_its_offer_and_is_met_by_a_project_that_two_people_stand_behind(party) -> None:
    far = party.approved("ZB77", "branch", by=party.other_secretary, community=str(party.quarter.other_community.pk))
    asked = need(party)
    own = resource(party, party.branch)
    resource(party, far, by=party.other_secretary, title="别处的货车")  # for its own community alone
    wide = resource(party, far, by=party.other_secretary, title="清运旧家具的车队", reaches="town", kinds=["repair"])
    over = resource(party, party.branch, title="已到期", until=str(time.today() - timedelta(days=1)))
    other = resource(party, party.branch, title="法律咨询", text="每周一次坐堂", kinds=["law"], giver="样例律所")
    assert [row for _, row in queries.offers_for(asked)] == [own, wide]
    assert queries.needs_for(other, party.by(party.secretary)) == []
    desk = party.browser(party.secretary)
    page = desk.get(f"/r/party-needs/{asked.pk}/?tab=match").content.decode()
    assert "货车和志愿者" in page and "类别相符" in page and f"resource={own.pk}" in page
    told = {"need": str(asked.pk), "title": "清理楼道", "plan": "周六上午清运（样例）", "due_on": ""}
    with pytest.raises(BadInput) as refused:
        entered(party, "party-projects", **told, resource=str(over.pk))
    project = entered(party, "party-projects", **told, resource=str(own.pk))
    with pytest.raises(BadInput) as refused:
        entered(party, "party-projects", **told, resource="")
    assert "已有一个项目" in str(refused.value.fields)
    asked.refresh_from_db()
    assert asked.state == "taken"
    step = f"/party/projects/{project.pk}/"
    assert desk.post(f"{step}claim/", {"lead": str(far.pk)}).status_code == 422  # not of this reader's area
    assert desk.post(f"{step}claim/", {"lead": str(party.branch.pk)}).status_code == 302
    with pytest.raises(NotNow, match="不能删除"):
        registry_actions.remove(site.get("party-projects"), project.pk, by=party.by(party.secretary), reason="试")
    assert desk.post(f"{step}finish/", {"done_on": str(time.today()), "result": "已清运（样例）"}).status_code == 302
    project.refresh_from_db()
    with pytest.raises(NotAllowed, match="两个人"):
        actions.rate_project(project, by=party.by(party.secretary), verdict="met")
    with pytest.raises(BadInput):
        actions.rate_project(project, by=party.by(party.officer), verdict="partly")
    assert party.browser(party.officer).post(f"{step}rate/", {"verdict": "met"}).status_code == 302
    asked.refresh_from_db()
    lists = queries.lists(party.by(party.officer))
    assert (asked.state, lists.open_needs, lists.met, lists.judged) == ("met", 0, 1, 1)
    assert "需求已解决" in desk.get(f"/r/party-projects/{project.pk}/").content.decode()


def test_what_is_not_met_is_open_again_and_a_list_holds_no_number_of_a_person(party) -> None:
    with pytest.raises(BadInput) as refused:
        need(party, text="请联系 13900001234")
    assert "电话" in str(refused.value.fields)
    asked, by = need(party), party.by(party.secretary)
    told = {"need": str(asked.pk), "resource": "", "plan": "自己组织（样例）", "due_on": ""}
    first = entered(party, "party-projects", **told, title="第一次")
    with pytest.raises(NotNow, match="不能关闭"):
        actions.close_need(asked, by=by, reason="已自行解决")
    actions.stop_project(first, by=by, reason="天气原因（样例）")
    asked.refresh_from_db()
    assert asked.state == "open"
    second = entered(party, "party-projects", **told, title="第二次")
    actions.claim_project(second, by=by, lead_id=party.branch.pk)
    actions.finish_project(second, by=by, result="清了一半（样例）", done_on=time.today())
    actions.rate_project(second, by=party.by(party.officer), verdict="partly", text="还差一层（样例）")
    asked.refresh_from_db()
    assert asked.state == "open"
    actions.close_need(asked, by=by, reason="居民自行解决（样例）")
    with pytest.raises(BadInput):
        entered(party, "party-projects", **told, title="第三次")
    assert Project.objects.filter(need=asked).count() == 2


texts = st.text("清运旧家具楼道律师咨询雪", max_size=12)


@settings(deadline=None, max_examples=80)
@given(texts, texts)
def test_the_right_kind_always_comes_before_shared_words(text: str, offer: str) -> None:
    assert rules.fit("law", text, ["law"], offer) >= 100 > rules.fit("law", text, ["care"], offer) >= 0
    assert rules.fit("law", text, ["care"], text) == rules.fit("law", text, ["care"], text + " " + text)
