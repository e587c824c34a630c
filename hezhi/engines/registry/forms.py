"""The form of a registry (表单): one Django form for the page, the sheet and the machine interface.

It adds to Django's own ModelForm: foreign keys narrowed to what the person may choose, texts tidied, a
masked value that comes back unchanged means «unchanged», and a list of what really differs.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.gis.geos import GEOSGeometry
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import modelform_factory

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.dictionaries import Labels
from hezhi.engines.registry.parts import Part, fault_list
from hezhi.engines.registry.scope import own_rows
from hezhi.ground.masks import is_masked, mask
from hezhi.ground.text import one_line, tidy
from hezhi.ground.ui.fields import CodeField, Lookup, LookupField, form_field
from hezhi.ground.words import in_words

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry


STARS = "这里是脱敏后的内容，与现有内容对不上。请填写完整内容，或保持原样不动。"
"""Said of a mask that stands for nothing we know."""


class RegistryForm(forms.ModelForm):
    """Base of every registry's form.

    `by` is who fills it in; `only` keeps the named fields (a partial change); `lookups` are shared lists of
    choices, so that a sheet of thousands of rows asks for them once. `changes` holds, after validation, the
    fields that differ: name -> (before, after).
    """

    registry: ClassVar[Registry]

    def __init__(
        self,
        data: Any = None,
        *args: Any,
        by: Actor,
        only: Any = None,
        lookups: dict[str, Lookup] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self.by = by
        self.is_new = self.instance._state.adding
        self.changes: dict[str, tuple[Any, Any]] = {}
        self._beside: dict[str, Any] = {}
        for part in self.registry.parts:
            self._take_fields(part)
        for name in self.registry.hidden_from(by) & set(self.fields):
            del self.fields[name]
        if only is not None:
            for name in set(self.fields) - set(only):
                del self.fields[name]
        self._before = {name: getattr(self.instance, name, None) for name in self._own_fields()}
        self._stars: set[str] = set()
        self._keys_are_known = False
        self._narrow(lookups or {})
        self._mask()
        for part in self.registry.parts:
            part.dress(self.registry, self)

    # -- what stands in the form ---------------------------------------------------------------------

    @property
    def draws_on_map(self) -> bool:
        """Whether the page needs the scripts of the map."""
        return any(getattr(field.widget, "draws_on_map", False) for field in self.fields.values())

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The sections with their fields, for the template."""
        told = [
            (title, [self[name] for name in names if name in self.fields]) for title, names in self.registry.sections
        ]
        told.append(("补充信息", [self[name] for name in self._beside if name in self.fields]))
        return [(title, bound) for title, bound in told if bound]

    def _take_fields(self, part: Part) -> None:
        """Fields whose values lie with a part stand in the form like its own (`more` names them)."""
        made = part.fields(self.registry)
        if not made:
            return
        self.fields |= {name: copy.deepcopy(field) for name, field in made.items()}
        self._beside |= dict.fromkeys(made) | ({} if self.is_new else dict(part.values(self.registry, self.instance)))
        self.initial = {**self._beside, **self.initial}

    def _own_fields(self) -> list[str]:
        concrete = {field.name for field in self.instance._meta.concrete_fields}
        return [name for name in self.fields if name in concrete]

    def _narrow(self, lookups: dict[str, Lookup]) -> None:
        for name, field in self.fields.items():
            if isinstance(field, LookupField):
                lookup = lookups.get(name) or lookup_for(self.registry, name, self.by)
                field.use(lookup, self.registry.url("pick", name))
            elif isinstance(field, CodeField) and field.dictionary:
                self._keep_code(name, field)

    def _keep_code(self, name: str, field: CodeField) -> None:
        """A code that is no longer offered stays valid for the row that has it."""
        code = self._before.get(name)
        if code and code not in field.codes:
            label = Labels(field.dictionary).get(code, code)
            offered: Any = field.choices
            field.choices = [*offered, (code, f"{label}（已停用）")]

    def _mask(self) -> None:
        """Show masks; take a mask that comes back as the value it stands for."""
        for name, kind in self.registry.mask_kinds.items():
            if name not in self.fields or (self.is_new and not self.is_bound):
                continue
            now = in_words(self._before.get(name))
            if not self.is_bound:
                self.initial[name] = mask(kind, now)
                continue
            typed = self._typed(name)
            if not self.is_new and now and typed == mask(kind, now):
                self._write(name, now)
            elif typed and is_masked(kind, typed):
                self._stars.add(name)

    def _typed(self, name: str) -> str:
        return str(self.data.get(self.add_prefix(name), "") or "").strip()

    def _write(self, name: str, value: str) -> None:
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict is not to be changed
        data[self.add_prefix(name)] = value
        self.data = data

    # -- what was typed ------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        """Tidy the texts, and refuse stars that stand for nothing we know."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str):
                long = isinstance(self.fields[name].widget, forms.Textarea)
                cleaned[name] = tidy(value) if long else one_line(value)
        for name in self._stars:
            self.add_error(name, STARS)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # A foreign key was found among the permitted rows already; asking again costs a query per row.
        known = self._keys() if self._keys_are_known else set()
        return super()._get_validation_exclusions() | known  # type: ignore[misc, no-any-return]

    def _post_clean(self) -> None:
        self._keys_are_known = True
        super()._post_clean()  # type: ignore[misc]
        self._keys_are_known = False
        if self._keys() and not self.errors:
            self._check_once_more_with_keys()
        for name in self._own_fields():
            if name in self.cleaned_data:
                before, after = self._before[name], getattr(self.instance, name)
                if _same(before, after):
                    setattr(self.instance, name, before)
                else:
                    self.changes[name] = (None if self.is_new else before, after)
        for name, before in self._beside.items():
            after = self.cleaned_data.get(name, before)
            if not _same(before, after) and (before, after) != (None, ""):
                self.changes[name] = (before, after)

    def save(self, commit: bool = True) -> Any:
        """Write the row, and what parts keep beside it."""
        row = super().save(commit)
        for part in self.registry.parts:
            part.save(self.registry, self, self.by)
        return row

    def _keys(self) -> set[str]:
        return {n for n, field in self.fields.items() if isinstance(field, LookupField) and n in self.cleaned_data}

    def _check_once_more_with_keys(self) -> None:
        """Uniqueness that a foreign key is part of was left out with the key."""
        exclude = super()._get_validation_exclusions()  # type: ignore[misc]
        rows = self.instance
        for check in (rows.validate_unique, rows.validate_constraints):
            try:
                check(exclude=exclude)
            except ValidationError as fault:
                self._update_errors(fault)  # type: ignore[attr-defined]
                return

    def fault_list(self) -> dict[str, list[str]]:
        """What must be corrected, by field; «» is the form as a whole."""
        return fault_list(self)


def form_class(registry: Registry) -> type[forms.ModelForm[Any]]:
    """The form class of a declaration: made from its sections, or its own class with ours beneath."""
    base: type[forms.ModelForm[Any]] = RegistryForm
    if isinstance(registry.form, type):
        own = registry.form
        base = own if issubclass(own, RegistryForm) else type(own.__name__, (RegistryForm, own), {})
        return type(own.__name__, (base,), {"registry": registry})
    made = modelform_factory(
        registry.model, form=base, fields=list(registry.form_fields), formfield_callback=form_field
    )
    return type(f"{type(registry).__name__}Form", (made,), {"registry": registry})


def lookup_for(registry: Registry, name: str, by: Actor) -> Lookup:
    """What a foreign key of the form may be: the declaration's choice, else the person's own rows."""
    rows = registry.choices_for(name, by)
    if rows is None:
        field = registry.model._meta.get_field(name)
        model: type[models.Model] = field.remote_field.model  # type: ignore[union-attr, assignment]
        rows = own_rows(model, by)
        names = {f.name for f in model._meta.concrete_fields}
        for gone, sign in (("removed_at", None), ("valid_to", None), ("active", True), ("is_active", True)):
            if gone in names:
                rows = rows.filter(**({f"{gone}__isnull": True} if sign is None else {gone: sign}))
    return Lookup(rows)


def make_form(
    registry: Registry, by: Actor, data: Mapping[str, Any] | None = None, *, instance: Any = None, **more: Any
) -> Any:
    """A form ready for use: with the person in hand, and the row where there is one."""
    return registry.form_class(data, by=by, instance=instance, **more)  # type: ignore[call-arg]


def _same(before: Any, after: Any) -> bool:
    if before in (None, "") and after in (None, ""):
        return before == after
    if hasattr(before, "replace") and hasattr(before, "tzinfo") and hasattr(after, "tzinfo"):
        # A page shows minutes; seconds that were not shown have not been changed.
        return before == after or (after.second == 0 and before.replace(second=0, microsecond=0) == after)
    if isinstance(before, GEOSGeometry) and isinstance(after, GEOSGeometry):
        return in_words(before) == in_words(after)  # a sheet holds six decimals, a tenth of a metre
    return bool(before == after)
