"""The channel of an installation that is not connected (本地演示通道): keeps what would have been sent.

It never claims more: `connected` is False, and every screen that shows its rows says so. One-time codes are kept in a
demonstration alone, where one reads them here instead of on a telephone; else whoever keeps the messages could open
other people's matters.
"""

from django.conf import settings

from hezhi.engines.reach import rules
from hezhi.engines.reach.models import LocalCopy
from hezhi.engines.reach.ports import DEMO_NAME, Letter
from hezhi.ground import time


class LocalPort:
    """Stands in for SMS, 山东通, 爱山东 and e-mail until they are connected."""

    name = DEMO_NAME
    connected = False

    def send(self, letter: Letter) -> str:
        LocalCopy.objects.get_or_create(
            outgoing_id=letter.id,
            defaults={
                "channel": letter.channel,
                "receiver": rules.masked_address(letter.channel, letter.address),
                "title": _blanked(letter.title, letter.secrets),
                "text": _blanked(letter.text, letter.secrets),
                "at": time.now(),
            },
        )
        return "已留存，未实际发送"


def _blanked(text: str, secrets: tuple[str, ...]) -> str:
    if settings.DEMO:
        return text
    for secret in filter(None, secrets):
        text = text.replace(secret, "*" * len(secret))
    return text
