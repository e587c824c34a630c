"""Refusals towards outer systems (对接答复), each a letter with a stable code."""

from hezhi.ground.errors import BadInput, NotNow, Refusal


class UnknownKey(Refusal):
    """No key, a wrong one, or one that is over (密钥无效)."""

    status = 401
    code = "connect.unknown_key"
    what = "接入密钥无效"
    meaning = "密钥不存在、书写有误，或已停用"
    remedy = "请核对请求头 Authorization: Bearer 后的密钥；如已更换，请改用新密钥"


class BadSignature(Refusal):
    """A signature that is missing, wrong, old or seen before (签名无效)."""

    status = 401
    code = "connect.bad_signature"
    what = "请求签名无效"
    meaning = "请求没有被处理"
    remedy = "请按接口文档重新计算签名，并核对服务器时间"


class OutOfScope(Refusal):
    """The key does not carry this right (密钥权限不足)."""

    status = 403
    code = "connect.out_of_scope"
    what = "这把密钥没有此项权限"
    meaning = "请求没有被处理"
    remedy = "请联系系统管理员调整密钥的权限"


class QuotaSpent(Refusal):
    """More requests in a minute than agreed (超出用量); `retry_after` seconds until the next minute."""

    status = 429
    code = "connect.quota_spent"

    def __init__(self, quota: int, retry_after: int) -> None:
        super().__init__(
            f"本分钟的请求已达上限（{quota} 次）",
            "超出的请求没有被处理，已处理的不受影响",
            f"请在 {retry_after} 秒后重试；如需提高上限，请联系系统管理员",
        )
        self.retry_after = retry_after


class OtherRequest(NotNow):
    """An idempotency key that was used for another request (幂等键重复使用)."""

    code = "connect.key_reused"
    what = "这个幂等键已用于另一份内容不同的请求"
    meaning = "本次请求没有被处理，先前的请求不受影响"
    remedy = "重发同一请求时内容须一致；新的请求请使用新的幂等键"


class BadKey(BadInput):
    """An idempotency key that cannot be used (幂等键格式)."""

    code = "connect.bad_idempotency_key"
