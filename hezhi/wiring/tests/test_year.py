"""A small district lives some weeks through all verbs, and everything that must hold of it holds (9.1.2-2, 9.1.2-4, 9.1.2-5).

The whole year with a demo district and killed workers is `python -m bench year`; this is the same at a hundredth.
"""

from datetime import date

import pytest
from django.db import transaction

from bench.living import Year, figures_again
from hezhi.chapters.cases.appraisal.actions import load_tables as load_appraisal
from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.actions.tables import load_tables
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.statistics.testkit import Hands, readers
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.org.actor import system
from hezhi.engines.org.testkit import traced
from hezhi.ground import time
from hezhi.wiring.invariants import check

pytestmark = [pytest.mark.clause("9.1.2-2"), pytest.mark.clause("9.1.2-4")]
FIRST, DAYS, CASES = date(2026, 1, 26), 32, 48  # with the Spring Festival, its make-up days, and the scores of January


def test_after_some_weeks_of_everything_every_invariant_holds_and_every_figure_comes_out_again(committing_db):
    """Each verb commits, as in life: the audit is sealed by what has been committed."""
    with time.frozen_at(time.at_local(FIRST)) as clock:
        with transaction.atomic():
            readers()
            for load in (load_tables, load_appraisal):
                load(by=system("测试"))
        year = Year(CASES, first=FIRST, seed=11, days=DAYS)
        told = year.live(clock)
        assert told.cases >= CASES and {"redo", "hold", "extend", "ask_return", "merge"} <= told.verbs.keys(), told
        assert check() == {}
        assert figures_again(year, system("测试")) == []
        # and the check would see it: an owner lost, a case moved past the verbs
        with transaction.atomic():
            traced()
            ToDo.objects.filter(done_at__isnull=True, step="dispatch").delete()
            Case.objects.filter(pk=Case.objects.filter(state="closed").order_by("number")[0].pk).update(
                state="handling", urged=9
            )
        assert {"事件有人负责", "办理过程止于现状", "次数与过程一致"} <= check().keys()


@pytest.mark.django_db
def test_a_request_left_behind_by_its_case_is_a_fault():
    """By the verbs there is none; one that lies there all the same, on an open case or on a closed one, is told."""
    left, none = {"待批申请都还适用"}, {"没有已结事件的待批申请"}
    with time.frozen_at("2026-03-02 09:00"):
        hands = Hands(readers())
        case = hands.report()
        hands.accept(case)
        handling.dispatch(case.pk, by=hands.d["centre.dispatcher"], lead_id=hands.d.units["light"].pk)
        hands.sign(case)
        handling.ask_hold(case.pk, by=hands.d["light.handler"], reason="冬季不宜施工")
        assert check(left | none) == {}
        hands.reply(case)
        hands.review(case)
        assert check(left | none) == {} and not Approval.objects.filter(state="waiting").exists()
        Approval.objects.update(state="waiting")
        assert check(left | none).keys() == left
        hands.call(case)
        assert check(left | none) == {}, "whatever moves the case on takes it along"
        Approval.objects.update(state="waiting")
        assert check(left | none).keys() == left | none


@pytest.mark.django_db
@pytest.mark.parametrize("leaves", ["returns", "released"])
def test_when_the_last_helper_leaves_the_leads_reply_is_the_answer_and_the_caller_has_it(leaves):
    with time.frozen_at("2026-03-02 09:00"):
        hands = Hands(readers())
        district, case = hands.d, hands.report()
        hands.accept(case)
        units = district.units["light"].pk, district.units["water"].pk
        handling.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=units[0], assist_ids=[units[1]])
        lead, helper = (WorkOrder.objects.get(matter_id=case.pk, unit=unit) for unit in units)
        handling.sign(lead.pk, by=district["light.handler"])
        handling.reply(lead.pk, by=district["light.handler"], text="已修好", public_reply="已处理", solved=True)
        handling.review(lead.pk, by=district["light.reviewer"])
        if leaves == "returns":
            handling.ask_return(helper.pk, by=district["water.handler"], reason="不属本单位职责")
            hands.grant(case, by="centre.dispatcher")
        else:
            handling.release(helper.pk, by=district["centre.dispatcher"], reason="不再需要")
        case.refresh_from_db()
        assert (case.state, case.reply) == ("to_call_back", "已处理")
        assert check({"事件有人负责", "事件时限即计时中的时限", "每个环节只有一个计时"}) == {}
