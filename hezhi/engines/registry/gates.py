"""The gate before an export (导出关口): personal information stays closed until a part opens it.

`flow` brings a part that answers `export_gate` with «waiting» and, when somebody else has approved, calls
`exports.release`. Without such a part an export of personal information is closed (data protection P10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.parts import OPEN, Gate

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry
    from hezhi.engines.registry.models import ExportRun

CLOSED_PERSONAL = Gate(
    "closed",
    "这个台账含个人信息，导出须经第二人审批，目前没有开通审批，所以不能导出。请在线查看，或联系系统管理员开通。",
)


def export_gate(registry: Registry, run: ExportRun, by: Actor) -> Gate:
    """Whether this export may go: the first part that answers decides, else personal data decides."""
    for part in registry.parts:
        answer = part.export_gate(registry, run, by)
        if answer is not None:
            return answer
    return CLOSED_PERSONAL if registry.personal else OPEN
