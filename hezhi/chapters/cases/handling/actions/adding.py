"""What the reporter adds to his own matter (上报人补充): words and pictures, asked for or not."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hezhi.chapters.cases.handling.actions.accepting import supplement
from hezhi.chapters.cases.handling.actions.dispatching import tell_working
from hezhi.chapters.cases.handling.actions.secrecy import SEALED_WORDS, seal_words
from hezhi.chapters.cases.handling.actions.turning import given, seen, settle
from hezhi.chapters.cases.handling.models import ENDED, Case
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.engines.records.files import LookedThrough, keep_files
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.text import tidy

MOST_WORDS, MOST_ADDITIONS = 2000, 5
"""Signs of one addition, and how often within a day a reporter may add something unasked (一天内最多补充几次)."""
AGAIN = timedelta(minutes=10)


@clause("9.1.2-2")
@verb("cases.add_by_reporter")
def add_by_reporter(case_id: UUID, *, by: Actor, text: str, files: Sequence[LookedThrough] = ()) -> Case:
    """The reporter adds words and pictures to his own matter (上报人补充), asked or not, as long as it has not ended.

    What the desk asked for sends the case back to it and the clock goes on; anything else joins the timeline, and whoever
    works on the case hears of it. The same words and pictures again within ten minutes are the same addition. Raises NotNow after the
    end, BadInput for nothing, too much, or too often.
    """
    if by.kind != "citizen":
        raise NotAllowed("这里由上报人补充。", remedy="请用「补充」或批注。", code="cases.for_the_reporter")
    case = seen(case_id, by=by)
    text = short_enough(
        given(tidy(text) or ("补充了照片。" if files else ""), "text", "请填写补充的情况。"), MOST_WORDS
    )
    if case.state in ENDED:
        raise NotNow(
            "这件事已经办结，不能再补充。", "内容没有保存。", "仍有诉求的，请另行反映；对结果不满意可以在评价里写明。",
            code="cases.ended",
        )  # fmt: skip
    told_before = _said_just_now(case, text)
    brings_new = _keep(by, case, files)
    if case.state == "to_supplement":
        return supplement(case_id, by=by, text=text)
    if brings_new or not told_before:
        _add_unasked(case, by=by, text=text)
    return case


def short_enough(text: str, most: int) -> str:
    """The words of an addition, unless they are too long (补充字数上限)."""
    if len(text) > most:
        raise BadInput({"text": [f"补充内容最多 {most} 个字，现在是 {len(text)} 个字，请精简。"]})
    return text


def _said_just_now(case: Case, text: str) -> bool:
    """Whether these very words were added a moment ago: a second press, or a form sent anew."""
    last = case.steps.filter(verb__in=("supplement", "add_by_reporter")).order_by("-at").first()
    told = SEALED_WORDS if case.secret else text
    is_told = last is not None and last.text == told and time.now() - last.at < AGAIN
    return is_told and (not case.secret or case.sealed_text.endswith(f"】{text}"))


def _add_unasked(case: Case, *, by: Actor, text: str) -> None:
    day = time.now() - timedelta(days=1)
    if case.steps.filter(verb="add_by_reporter", at__gte=day).count() >= MOST_ADDITIONS:
        raise BadInput({"text": [f"一天内最多补充 {MOST_ADDITIONS} 次，请稍后再补充。情况紧急请拨打 12345。"]})
    if case.secret:
        seal_words(case, "上报人补充", text)
    tell_working(case, "cases.added", by=by)
    settle(
        case, "add_by_reporter", by=by, title="上报人补充", text=SEALED_WORDS if case.secret else text,
        public_text="已收到您的补充。", changed=("sealed_text",) if case.secret else (),
    )  # fmt: skip


def _keep(by: Actor, case: Case, files: Sequence[LookedThrough]) -> bool:
    """Keep what the reporter brings, for himself to see again, of a secret case for its own people; whether any of it is new."""
    visibility = Attachment.Visibility.SECRET if case.secret else Attachment.Visibility.REPORTER
    here = Attachment.objects.filter(object_id=case.pk)
    before = here.count()
    keep_files(by, case, list(files), stage="supplement", visibility=visibility, field="photos")
    return here.count() > before
