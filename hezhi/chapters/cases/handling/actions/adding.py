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

MOST_WORDS = 2000
MOST_ADDITIONS = 5
"""How often a reporter may add something unasked within a day (一天内最多补充几次)."""


@clause("9.1.2-2")
@verb("cases.add_by_reporter")
def add_by_reporter(case_id: UUID, *, by: Actor, text: str, files: Sequence[LookedThrough] = ()) -> Case:
    """The reporter adds words and pictures to his own matter (上报人补充), asked or not, as long as it has not ended.

    What the desk asked for sends the case back to it and the clock goes on; anything else joins the timeline, and whoever
    works on the case hears of it. The same words again within ten minutes are the same addition. Raises NotNow after the
    end, BadInput for nothing, too much, or too often.
    """
    if by.kind != "citizen":
        raise NotAllowed("这里由上报人补充。", remedy="请用「补充」或批注。", code="cases.for_the_reporter")
    case = seen(case_id, by=by)
    text = tidy(text) or ("补充了照片。" if files else "")
    if case.state == "to_supplement":
        case = supplement(case_id, by=by, text=text)
    elif case.state in ENDED:
        raise NotNow(
            "这件事已经办结，不能再补充。", "内容没有保存。", "仍有诉求的，请另行反映；对结果不满意可以在评价里写明。",
            code="cases.ended",
        )  # fmt: skip
    elif not _said_just_now(case, text):
        _add_unasked(case, by=by, text=given(text, "text", "请填写补充的情况。"))
    _keep(by, case, files)
    return case


def _said_just_now(case: Case, text: str) -> bool:
    """Whether these very words were added a moment ago: a second press, or a form sent anew."""
    last = case.steps.filter(verb="add_by_reporter").order_by("-at").first()
    told = SEALED_WORDS if case.secret else text
    same = last is not None and last.text == told and time.now() - last.at < timedelta(minutes=10)
    return same and (not case.secret or case.sealed_text.endswith(f"】{text}"))


def _add_unasked(case: Case, *, by: Actor, text: str) -> None:
    if len(text) > MOST_WORDS:
        raise BadInput({"text": [f"补充内容最多 {MOST_WORDS} 个字，现在是 {len(text)} 个字，请精简。"]})
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


def _keep(by: Actor, case: Case, files: Sequence[LookedThrough]) -> None:
    """What the reporter brings he may see again himself; of a secret case nobody but its own people."""
    visibility = Attachment.Visibility.SECRET if case.secret else Attachment.Visibility.REPORTER
    keep_files(by, case, list(files), stage="supplement", visibility=visibility, field="photos")
