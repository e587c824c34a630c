"""What a citizen does to see his matters by his own telephone (我的诉求): ask for a code, open, leave."""

from datetime import timedelta
from uuid import UUID

from django.db.models import F

from hezhi.channels.citizen.models import PhoneProof
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.failures import one_at_a_time
from hezhi.engines.reach.api import Channel, resolvers, tell
from hezhi.engines.records.acting import verb
from hezhi.engines.records.vault import blind, told_code
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.crypto import random_token, same, sm3
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.identifiers import check_mobile
from hezhi.ground.ids import clean_code

EVENT, ABOUT = "citizen.phone_code", PhoneProof._meta.label_lower
CODE_LASTS, OPEN_LASTS, KEPT = timedelta(minutes=5), timedelta(minutes=30), timedelta(days=1)
PAUSE = timedelta(minutes=1)
MOST_TRIES, MOST_OF_A_NUMBER, MOST_OF_AN_ADDRESS = 5, 5, 30
"""Wrong codes for one asking; askings for one number in a day; from one address in an hour (a street may sit behind it)."""


class TooOften(NotNow):
    """Somebody asks for more codes than a person needs (要码过多)."""

    status = 429
    code = "citizen.too_many_codes"


def code_of(proof: PhoneProof) -> str:
    """The six digits of one asking; the same for whoever holds the key, and written down nowhere."""
    return told_code("citizen.phone_code", str(proof.pk), signs="0123456789", many=6)


def _digest(token: str) -> str:
    return sm3(token.encode()).hex()


@clause("9.1.2-1")
def ask_code(typed: str, *, by: Actor) -> str:
    """Send a code to a mobile number (发送验证码); gives the token that this browser keeps.

    Nothing here looks whether the number has matters: words, time and message are the same for every number. Raises
    BadInput for what is no mobile number, TooOften beyond the limits.
    """
    checked = check_mobile(typed)
    if checked.fault:
        raise BadInput({"phone": ["请填写 11 位手机号码。"]})
    with one_at_a_time(f"phone {blind('phone', checked.value)[:40]}"):
        _refuse_too_often(checked.value, by.address)
        return _send(checked.value, by=by)


def _refuse_too_often(phone: str, address: str | None) -> None:
    moment = time.now()
    asked = PhoneProof.objects.filter(phone_blind=blind("phone", phone), asked_at__gt=moment - KEPT).order_by(
        "-asked_at"
    )
    times = list(asked.values_list("asked_at", flat=True)[:MOST_OF_A_NUMBER])
    if times and moment - times[0] < PAUSE:
        raise TooOften("验证码刚刚发出。", "同一号码一分钟内只发一次。", "请等一分钟再试。")
    if len(times) >= MOST_OF_A_NUMBER:
        raise TooOften(
            "这个号码今天要验证码的次数已满。", "为防止被人骚扰，每天最多五次。", "请明天再试，或用编号和查询码查看。"
        )
    hour = PhoneProof.objects.filter(address=address, asked_at__gt=moment - timedelta(hours=1))
    if address and hour.count() >= MOST_OF_AN_ADDRESS:
        raise TooOften("这个网络要验证码的次数太多。", "一小时内已达上限。", "请稍后再试，或用编号和查询码查看。")


@verb("citizen.ask_code")
def _send(phone: str, *, by: Actor) -> str:
    token = random_token()
    proof = PhoneProof.objects.create(phone=phone, token_digest=_digest(token), address=by.address, asked_at=time.now())
    place = "{code}"
    tell(by, event=EVENT, about=(ABOUT, proof.pk), values={"code": place}, channels=(Channel.SMS,), urgent=True)
    return token


def waiting(token: str) -> PhoneProof | None:
    """The asking of this browser whose code may still be typed."""
    since = time.now() - CODE_LASTS
    rows = PhoneProof.objects.filter(opened_at__isnull=True, ended_at__isnull=True, asked_at__gt=since)
    return rows.filter(token_digest=_digest(token)).first() if token else None


def opened(token: str) -> PhoneProof | None:
    """The half hour that this browser has open, while it lasts (已验证)."""
    since = time.now() - OPEN_LASTS
    rows = PhoneProof.objects.filter(opened_at__gt=since, ended_at__isnull=True)
    return rows.filter(token_digest=_digest(token)).first() if token else None


@clause("9.1.2-1")
def open_by_code(token: str, typed: str, *, by: Actor) -> str:
    """Take the code in (验证手机号); gives another token, for the half hour that it opens.

    Each try is counted before it is looked at, so that fifty at once are still five. Raises NotNow when the code is
    over or tried too often, BadInput when it is wrong.
    """
    proof = waiting(token)
    counted = PhoneProof.objects.filter(pk=proof.pk, tries__lt=MOST_TRIES) if proof else PhoneProof.objects.none()
    if proof is None or not counted.update(tries=F("tries") + 1):
        raise NotNow(
            "验证码已经失效。", "可能已过五分钟，或输错了五次。", "请重新获取验证码。", code="citizen.code_over"
        )
    if not same(clean_code(typed)[:12], code_of(proof)):
        raise BadInput({"code": ["验证码不对，请核对短信后再试。"]})
    return _open(proof, by=by)


@verb("citizen.open_by_phone")
def _open(proof: PhoneProof, *, by: Actor) -> str:
    token = random_token()
    rows = PhoneProof.objects.filter(pk=proof.pk, opened_at__isnull=True, ended_at__isnull=True)
    if not rows.update(opened_at=time.now(), token_digest=_digest(token)):
        raise NotNow("验证码已经用过。", remedy="请重新获取验证码。", code="citizen.code_over")
    return token


@verb("citizen.leave")
def leave(proof: PhoneProof, *, by: Actor) -> None:
    """End it before its time (退出): the browser's token opens nothing any more."""
    PhoneProof.objects.filter(pk=proof.pk, ended_at__isnull=True).update(ended_at=time.now())


def tidy() -> int:
    """Delete what is older than a day; the limits look no further back."""
    return PhoneProof.objects.filter(asked_at__lt=time.now() - KEPT).delete()[0]


def receiver_of(proof_id: UUID, channel: str) -> resolvers.Receiver | None:
    """Whom the code is for, opened only when the message leaves; nobody once it is over or used."""
    proof = PhoneProof.objects.filter(pk=proof_id, opened_at__isnull=True, asked_at__gt=time.now() - CODE_LASTS).first()
    return resolvers.Receiver(proof.phone, values={"code": code_of(proof)}) if proof else None


resolvers.register(ABOUT, receiver_of)
