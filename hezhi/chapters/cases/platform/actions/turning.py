"""What every step with a platform begins with (来源平台的共用步骤): the case, its platform, who may."""

from dataclasses import replace

from hezhi.chapters.cases.handling.actions.turning import VERBS
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.platform.models import Platform
from hezhi.engines.connect.api import push
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.errors import NotNow

HANDLE, CHECK = "platform.handle", "platform.check"


def platform_of(case: Case) -> Platform:
    """The platform that brought this case; NotNow when none did, or it is no longer connected."""
    found = None
    if case.outside_channel and case.outside_number:
        found = Platform.objects.filter(code=case.outside_channel, active=True).first()
    if found is None:
        raise NotNow(
            "这件事不是由已接入的来源平台送来的。", "没有可以申请或回填的平台。", "如确由外部平台转来，请系统管理员维护来源平台。",
            code="platform.none",
        )  # fmt: skip
    return found


def able(by: Actor, *verbs: str) -> Actor:
    """The same person with the rights of these verbs of a case: the platform's word stands for the post that holds them."""
    return replace(by, permissions=frozenset(by.permissions | {VERBS[verb].right for verb in verbs}))


def who(by: Actor) -> str:
    """How somebody is written down here: his unit and name, or the name of the system that called."""
    return " ".join(filter(None, (by.unit_name, by.name)))[:80]


def number_told(case: Case) -> dict[str, str]:
    """The numbers that may leave for the platform; of a secret case ours alone."""
    return {"number": case.number} | ({} if case.secret else {"outside_number": case.outside_number})


def tell_platform(platform: Platform, case: Case, kind: str, name: str) -> None:
    """Push that something waits for the platform (状态回推); the words themselves it fetches with its key."""
    push(
        platform.code, event="report.request",
        body={**number_told(case), "verb": kind, "verb_name": name, "at": time.now().isoformat()},
    )  # fmt: skip
