"""A citizen who proves that a telephone is his own (手机号验证, 9.1.2-1)."""

from django.db import models

from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.ground.ids import new_id


class PhoneProof(models.Model):
    """One asking for a code, and the half hour that the right code opens (手机号验证).

    The code itself is kept nowhere, not even as a digest: it is worked out under the key when the message leaves and
    when somebody types it. What the browser holds is known here by its digest only. A row lives a day, for the limits.
    """

    purpose = "验证手机号属于本人，供其查看本人反映的事项"
    measures = {"tries": "次"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    phone = SealedTextField("手机号")
    phone_blind = BlindIndexField(source="phone", purpose="phone", verbose_name="手机号索引", db_index=False)
    token_digest = models.CharField("浏览器凭据摘要", max_length=64, unique=True)
    address = models.GenericIPAddressField("网络地址", null=True)
    asked_at = models.DateTimeField("要码时间")
    tries = models.PositiveSmallIntegerField("已试次数", default=0)
    opened_at = models.DateTimeField("验证通过时间", null=True)
    ended_at = models.DateTimeField("退出时间", null=True)

    class Meta:
        verbose_name = "手机号验证"
        indexes = [
            models.Index(fields=["phone_blind", "-asked_at"], name="phone_proof_number"),
            models.Index(fields=["address", "-asked_at"], name="phone_proof_address"),
        ]
