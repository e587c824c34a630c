"""The hidden token of a form (表单凭据): the id that its row will have, signed, so that a double click makes one row."""

from uuid import UUID

from django.core import signing

from hezhi.ground.errors import BadInput
from hezhi.ground.ids import new_id

SALT = "registry.form"
FORM_LIVES = 24 * 3600  # seconds


def form_token() -> str:
    """The token of a fresh form."""
    return signing.dumps(str(new_id()), salt=SALT)


def row_id_of(token: str) -> UUID:
    """The id that a form's token carries. Raises BadInput for a token that is not ours or is a day old."""
    try:
        return UUID(signing.loads(token, salt=SALT, max_age=FORM_LIVES))
    except signing.SignatureExpired:
        raise BadInput(what="这张表打开超过一天，已经过期，没有保存。", remedy="请重新打开登记页面填写。") from None
    except (signing.BadSignature, ValueError):
        raise BadInput(
            what="这张表不完整，没有保存。", remedy="请重新打开登记页面填写。", code="registry.bad_token"
        ) from None
