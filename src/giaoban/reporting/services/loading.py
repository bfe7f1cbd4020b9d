"""Loads the forms, the reporting regimes and the decreed days of a sector pack."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Q

from giaoban.core.packfiles import PackFault
from giaoban.core.packs import FormRecord, Pack, RegimeRecord
from giaoban.core.periods import due_on as due_on_of
from giaoban.core.periods import period_by_code, rule_from_dict
from giaoban.kit.packs import PackRefused
from giaoban.kit.sync import sync_rows
from giaoban.reporting.models import (
    DecreedDay,
    FormVersion,
    Obligation,
    OwingRule,
    Period,
    PeriodRule,
    Regime,
    Submission,
)
from giaoban.reporting.rules.reservations import due_source
from giaoban.reporting.selectors.days import work_calendar
from giaoban.reporting.selectors.forms import core_period

Say = Callable[[str], None]


def load_forms(pack: Pack, say: Say) -> None:
    """Every form of the pack. Raises PackRefused when a form under which reports were sent has changed."""
    fields = _ids("Field")
    published = dict(
        FormVersion.objects.filter(pk__in=Submission.objects.values("obligation__form")).values_list("key", "checksum")
    )
    faults = [
        PackFault(
            form.at.file,
            form.at.line,
            f"form {form.key} has changed although reports were sent under it; a changed form is a new version",
        )
        for form in pack.forms
        if published.get(form.key, form.checksum) != form.checksum
    ]
    if faults:
        raise PackRefused(faults)
    rows = [_form_row(form, fields) for form in pack.forms]
    of_pack = FormVersion.objects.filter(key__in=[form.key for form in pack.forms])
    say(sync_rows(of_pack, ["key"], rows, keep_absent=True).words("forms"))


def load_days(pack: Pack, say: Say) -> None:
    """Working days and days off that an act of the State decreed; says which opened reports they date otherwise."""
    rows = [{"day": one.day, "worked": one.worked, "basis": one.basis, "source": one.source} for one in pack.days]
    say(sync_rows(DecreedDay.objects.all(), ["day"], rows).words("decreed days"))
    for line in dated_otherwise():
        say(line)


def dated_otherwise() -> list[str]:
    """Opened reports whose deadline in working days would be another by the decreed days of now, by form and period.

    They keep the day that the units were told until a letter moves it; those already moved are left out.
    """
    calendar = work_calendar()
    owed = Obligation.objects.filter(deadline_changes=None, due_on__isnull=False)
    found = []
    rules = [
        one for one in OwingRule.objects.select_related("form") if any("wd" in word for word in one.deadlines.values())
    ]
    for rule in rules:
        for row in Period.objects.filter(rule__in=rule.rules.all(), obligations__form=rule.form).distinct():
            period = core_period(row)
            word = rule.deadlines.get(period.deadline_key) or rule.deadlines.get(period.rule) or ""
            if "wd" not in word:
                continue
            due_on = due_on_of(period, word, calendar)
            count = (
                owed.filter(form=rule.form, period=row, due_source=due_source(rule.form.act or rule.form.title, word))
                .exclude(due_on=due_on)
                .count()
            )
            if count:
                found.append(
                    f"{rule.form.key}, {row.code}: {count} opened reports keep their deadline although {word} is now "
                    f"{due_on.isoformat()}; move it by a letter"
                )
    return found


def _form_row(form: FormRecord, fields: Mapping[str, int]) -> dict[str, Any]:
    definition = form.definition
    return {
        "key": form.key,
        "act": definition.act,
        "code": definition.code,
        "title": definition.title,
        "kind": definition.kind,
        "definition": json.loads(json.dumps(form.data, default=str)),
        "checksum": form.checksum,
        "field_id": fields[definition.field] if definition.field else None,
        "family": definition.family,
        "valid_from": definition.valid.start,
        "valid_to": definition.valid.end,
    }


def load_regimes(pack: Pack, say: Say) -> None:
    """Acts, their period rules, and who owes what to whom by when.

    Raises PackRefused when a changed period rule would give periods already opened another window.
    """
    regimes = [
        {
            "key": one.key,
            "act": one.act or one.title,
            "title": one.title,
            "number": one.number,
            "issued_on": one.issued_on,
            "source": one.source,
            "valid_from": one.span.start,
            "valid_to": one.span.end,
        }
        for one in pack.regimes
    ]
    of_pack = Regime.objects.filter(key__in=[one.key for one in pack.regimes])
    say(sync_rows(of_pack, ["key"], regimes, keep_absent=True).words("regimes"))
    _load_period_rules(pack, say)
    _load_owing_rules(pack, say)


def _load_period_rules(pack: Pack, say: Say) -> None:
    ids = dict(Regime.objects.values_list("key", "pk"))
    rows = [
        {"key": raw["key"], "regime_id": ids[regime.key], "name": raw["name"], "definition": dict(raw)}
        for regime in pack.regimes
        for raw in regime.data.get("period_rules", ())
    ]
    wanted = {row["key"]: row["definition"] for row in rows}
    files = {raw["key"]: regime for regime in pack.regimes for raw in regime.data.get("period_rules", ())}
    faults = [
        PackFault(
            files[period.rule.key].at.file,
            files[period.rule.key].at.line,
            f"period rule {period.rule.key} no longer gives the opened period “{period.code}” “{period.instalment}”",
        )
        for period in Period.objects.select_related("rule").filter(rule__key__in=wanted)
        if not _still_gives(wanted[period.rule.key], period)
    ]
    if faults:
        raise PackRefused(faults)
    of_pack = PeriodRule.objects.filter(key__in=wanted)
    say(sync_rows(of_pack, ["key"], rows, keep_absent=True).words("period rules"))


def _still_gives(definition: Mapping[str, Any], period: Period) -> bool:
    rule = rule_from_dict(definition)
    if rule.kind == "ad_hoc":
        return True
    try:
        made = period_by_code(rule, period.code, period.instalment)
    except (KeyError, ValueError):  # no such period, or the rule is of another kind now
        return False
    return (made.start, made.end, made.actual_until) == (period.start, period.end, period.actual_until)


def _load_owing_rules(pack: Pack, say: Say) -> None:
    forms = dict(FormVersion.objects.values_list("key", "pk"))
    kinds, lines = _ids("UnitKind"), _ids("Line")
    rows: list[dict[str, Any]] = []
    rule_keys: dict[tuple[int, int, int], tuple[str, ...]] = {}
    for regime in pack.regimes:
        for owed, deadlines in _owed(regime):
            row = {
                "form_id": forms[owed.form],
                "reporter_kind_id": kinds[owed.reporter],
                "line_id": lines[owed.line],
                "receiver_kind_id": kinds[owed.receiver] if owed.receiver else None,
                "deadlines": dict(deadlines.dates) if deadlines else {},
                "deadline_set": owed.deadline_set,
                "status": deadlines.status if deadlines else "",
                "source": owed.source or (deadlines.source if deadlines else regime.source),
            }
            rows.append(row)
            rule_keys[row["form_id"], row["reporter_kind_id"], row["line_id"]] = owed.rules
        named = {forms[owed.form] for owed in regime.obligations}
        governed = Q(pk__in=named) | Q(regime=None, key__startswith=f"{regime.key}:")
        FormVersion.objects.filter(governed).update(regime=Regime.objects.get(key=regime.key))
    of_pack = OwingRule.objects.filter(form__key__in=[form.key for form in pack.forms])
    say(sync_rows(of_pack, ["form_id", "reporter_kind_id", "line_id"], rows).words("owing rules"))
    ids = dict(PeriodRule.objects.values_list("key", "pk"))
    for rule in of_pack.all():
        rule.rules.set([ids[key] for key in rule_keys[rule.form_id, rule.reporter_kind_id, rule.line_id]])


def _owed(regime: RegimeRecord) -> list[tuple[Any, Any]]:
    """Each obligation of a regime with its set of deadlines, if it names one."""
    sets = {one.set: one for one in regime.deadlines}
    return [(owed, sets.get(owed.deadline_set)) for owed in regime.obligations]


def _ids(model: str) -> dict[str, int]:
    return dict(apps.get_model("orgs", model)._default_manager.values_list("key", "pk"))
