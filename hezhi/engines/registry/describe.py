"""A declaration in words (台账说明): what `hezhi registry <slug>` tells."""

from hezhi.engines.registry import site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.scope import name_of
from hezhi.engines.registry.urls import patterns_of


def describe(slug: str) -> str:
    """Everything that one declaration generates, as text; refuses with a letter when there is none."""
    registry = site.get(slug)
    cls = type(registry)
    told = [
        f"{registry.title}（{registry.label}），声明于 {cls.__module__}.{cls.__qualname__}",
        f"条款：{registry.clause or registry.reason}",
        f"数据范围：{name_of(cls.scope)}",
        f"列：{_join(f'{c.label}({n})' for n, c in registry.columns.items())}",
        f"筛选：{_join(registry.filterset_class.base_filters)}",
        f"表单：{_join(registry.form_fields)}；识别已有记录：{_join(registry.natural_key)}",
        f"个人信息：{_join(registry.personal)}；用途：{registry.purpose or '—'}；脱敏：{_join(registry.mask_kinds)}",
        f"部件：{_join(type(part).__name__ for part in registry.parts)}",
        "地址和权限：",
        *(f"  /{p.pattern}  {_join(getattr(p.callback, 'right', ()))}" for p in patterns_of(registry)),
        *(f"问题 {code}：{said}" for code, said in problems(registry)),
    ]
    return "\n".join(told)


def _join(words: object) -> str:
    return "、".join(map(str, words)) or "—"  # type: ignore[call-overload]
