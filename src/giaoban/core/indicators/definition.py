"""An indicator as data: versions with their spans and legal basis, what breaks between them, targets.

The data, as a pack has it and as a row keeps it (all of `versions` but `numerator` may be left out)::

    versions:
      - valid: [2025-01-01, null]                       # end excluded
        cells: {done: "tt-…:form/table/row/column"}     # short names
        numerator: done + other                         # see `expressions`
        denominator: "tt-…:form/table/row/column"
        factor: 100
        aggregation: pooled | mean | none
        zero_denominator: blank | zero | full
        basis: Thông tư …
        joined: why cells of two acts may stand in one expression
        break: {comparable: false, reason: …}           # against the version before
    targets:
      - {year: 2026, level: province, value: 95, pro_rata: linear | none, source: …}

A row made before there were versions is one version without an end: a cell under `numerator` and `denominator`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, cast

from giaoban.core.indicators.expressions import (
    DefinitionError,
    Expression,
    SourceMeasure,
    Term,
    read_expression,
    read_term,
    terms_of,
)
from giaoban.core.indicators.measuring import (
    Aggregation,
    Lookup,
    Measured,
    Rule,
    SourceLookup,
    ZeroRule,
    evaluate,
    rated,
    together,
)
from giaoban.core.indicators.rates import Rate
from giaoban.core.indicators.targets import Target, target_from_dict
from giaoban.core.queries import INDICATOR, CellMeasure, IndicatorMeasure, QueryRefused
from giaoban.core.spans import Span
from giaoban.core.vietnamese import day as day_words

Others = Callable[[str], "IndicatorDefinition | None"]
"""Key → the definition of another indicator; None: there is none."""

_ALWAYS: Final = Span(None, None)
_ZERO_WORDS: Final[Mapping[str, ZeroRule]] = {"undefined": "blank", "": "blank"}


@dataclass(frozen=True, slots=True)
class Break:
    """What changed on the day from which a version holds. comparable: whether values on both sides may be compared."""

    on: date
    comparable: bool
    reason: str
    basis: str = ""

    def words(self) -> str:
        return f"Từ {day_words(self.on)}: {self.reason}"


@dataclass(frozen=True)
class Version:
    """The definition in force over `span`. `within`: the other indicators that it names, as of the same day."""

    span: Span
    rule: Rule
    basis: str = ""
    source: str = ""
    note: str = ""
    joined: str = ""
    since: Break | None = None
    within: "Mapping[str, Version]" = field(default_factory=dict)

    @property
    def numerator(self) -> Expression:
        return self.rule.numerator

    @property
    def denominator(self) -> Expression | None:
        return self.rule.denominator

    @property
    def factor(self) -> Decimal:
        return self.rule.factor

    @property
    def aggregation(self) -> Aggregation:
        return self.rule.aggregation

    def terms(self) -> tuple[Term, ...]:
        return terms_of(self.numerator, self.denominator)

    def cells(self) -> tuple[CellMeasure, ...]:
        """Every cell that a value needs, those of the indicators within it too, once each."""
        own = [term for term in self.terms() if isinstance(term, CellMeasure)]
        inner = [cell for one in self.within.values() for cell in one.cells()]
        return tuple(dict.fromkeys([*own, *inner]))

    def sources(self) -> tuple[SourceMeasure, ...]:
        own = [term for term in self.terms() if isinstance(term, SourceMeasure)]
        inner = [source for one in self.within.values() for source in one.sources()]
        return tuple(dict.fromkeys([*own, *inner]))

    def forms(self) -> tuple[str, ...]:
        """Keys of the forms whose cells are read."""
        return tuple(dict.fromkeys(cell.form for cell in self.cells()))

    def measured(self, lookup: Lookup, *, sources: SourceLookup | None = None, units: int | None = None) -> Measured:
        """The value over the units for which `lookup` gives totals: see `measuring.evaluate`. Raises QueryRefused when
        a figure source is named and `sources` is not given."""

        def nested(key: str) -> Measured:
            return self.within[key].measured(lookup, sources=sources, units=units)

        return evaluate(self.rule, lookup, nested=nested, sources=sources, units=units)

    def together(self, parts: Iterable[Measured]) -> Measured:
        """Several units as one, by the aggregation rule; what is not known is left out and counted."""
        return together(self.rule, parts)

    def rated(self, rate: Rate, *, count: int = 1) -> Measured:
        """Two sums that were found elsewhere, by the zero rule."""
        return rated(self.rule, rate, count=count)


@dataclass(frozen=True)
class IndicatorDefinition:
    """All versions in order of their spans. others: where the indicators are found that an expression names."""

    key: str
    versions: tuple[Version, ...]
    targets: tuple[Target, ...] = ()
    others: Others = field(default=lambda _: None, repr=False, compare=False)

    def on(self, day: date, *, path: tuple[str, ...] = ()) -> Version:
        """The version in force on a day, with the versions of the indicators that it names.

        Raises QueryRefused: no-definition, circular-indicator, unknown-measure, two-regimes.
        """
        if self.key in path:
            raise _circular((*path, self.key))
        held = next((one for one in self.versions if one.span.contains(day)), None)
        if held is None:
            raise QueryRefused(
                "no-definition",
                f"Chỉ số “{self.key}” không có định nghĩa cho ngày {day_words(day)}: {self._known_words()}.",
                f"{INDICATOR}{self.key}",
            )
        inner = {}
        for term in held.terms():
            if isinstance(term, IndicatorMeasure):
                inner[term.key] = self._other(term).on(day, path=(*path, self.key))
        whole = replace(held, within=inner)
        _refuse_two_regimes(self.key, whole)
        return whole

    def newest(self) -> Version:
        """The last version, on its first day. Raises QueryRefused."""
        return self.on(self.first_day(self.versions[-1]))

    @staticmethod
    def first_day(version: Version) -> date:
        """The first day of a version; of one without, the last."""
        return version.span.start or (version.span.end or date.max) - date.resolution

    def breaks(self, first: date, last: date) -> tuple[Break, ...]:
        """What changed after `first` and up to `last`, in order."""
        return tuple(one.since for one in self.versions if one.since is not None and first < one.since.on <= last)

    def incomparable(self, earlier: date, later: date) -> Break | None:
        """The first change between two days that keeps values of them from being compared."""
        return next((one for one in self.breaks(earlier, later) if not one.comparable), None)

    def target(self, year: int, level: str) -> Target | None:
        """The target of a year for units of a kind, else that for all kinds."""
        of_year = [one for one in self.targets if one.year == year]
        exact = next((one for one in of_year if one.level == level), None)
        return exact or next((one for one in of_year if not one.level), None)

    def _other(self, term: IndicatorMeasure) -> "IndicatorDefinition":
        found = self if term.key == self.key else self.others(term.key)
        if found is None:
            raise QueryRefused(
                "unknown-measure", f"Chỉ số “{self.key}” dùng chỉ số “{term.key}”, chưa có chỉ số này.", term.word
            )
        return found

    def _known_words(self) -> str:
        spans = [one.span for one in self.versions]
        first, last = spans[0].start, spans[-1].end
        words = [f"từ {day_words(first)}" if first else "", f"đến trước {day_words(last)}" if last else ""]
        said = " ".join(word for word in words if word)
        return f"định nghĩa có hiệu lực {said}" if said else "giữa các phiên bản có khoảng trống"


def definition_from_dict(
    data: Mapping[str, Any], *, key: str = "", form: str = "", others: Others = lambda _: None
) -> IndicatorDefinition:
    """Read what a pack or a row holds. form: of cells that do not name theirs. Raises DefinitionError."""
    given = data.get("versions") or [data]
    versions = sorted((_version(one, data, form) for one in given), key=lambda one: one.span)
    for earlier, later in pairwise(versions):
        if earlier.span.overlaps(later.span):
            raise DefinitionError("two versions are valid on the same day")
    targets = tuple(target_from_dict(one) for one in data.get("targets", ()))
    return IndicatorDefinition(key, tuple(versions), targets, others)


def _version(data: Mapping[str, Any], whole: Mapping[str, Any], form: str) -> Version:
    def setting(name: str, default: object) -> Any:
        return data.get(name, whole.get(name, default))

    span = _span(data.get("valid"))
    names = {**whole.get("cells", {}), **data.get("cells", {})} if data is not whole else data.get("cells", {})
    below = data.get("denominator")
    zero = str(setting("zero_denominator", "blank"))
    rule = Rule(
        numerator=_expression(data["numerator"], names, form),
        denominator=None if below is None else _expression(below, names, form),
        factor=Decimal(str(setting("factor", 1))),
        aggregation=cast(Aggregation, setting("aggregation", "pooled")),
        zero_denominator=_ZERO_WORDS.get(zero, cast(ZeroRule, zero)),
    )
    broken = data.get("break")
    since = None
    if broken is not None and span.start is not None:
        since = Break(span.start, bool(broken["comparable"]), str(broken["reason"]), str(data.get("basis", "")))
    return Version(
        span,
        rule,
        basis=str(setting("basis", "")),
        source=str(setting("source", "")),
        note=str(data.get("note", "")) if data is not whole else "",
        joined=str(setting("joined", "")),
        since=since,
    )


def _expression(data: object, names: Mapping[str, Any], form: str) -> Expression:
    """An expression as text, or the simple form: one cell as a mapping, without `form` in rows of old."""
    if isinstance(data, Mapping):
        term = read_term({"form": form, **data} if "source" not in data else data)
        if isinstance(term, CellMeasure):
            return read_expression("cell", {"cell": term.word})
        return read_expression("cell", {"cell": data})
    return read_expression(str(data), names)


def _span(valid: object) -> Span:
    if valid is None:
        return _ALWAYS
    if not isinstance(valid, list | tuple) or len(valid) != 2:
        raise DefinitionError(f"valid: {valid!r} is not [from, to]")
    start, end = (None if one is None else date.fromisoformat(str(one)) for one in valid)
    try:
        return Span(start, end)
    except ValueError as fault:
        raise DefinitionError(f"valid: {fault}") from fault


def _circular(path: tuple[str, ...]) -> QueryRefused:
    told = " → ".join(path[path.index(path[-1]) :])
    return QueryRefused(
        "circular-indicator",
        f"Chỉ số tính vòng tròn: {told}. Sửa một trong các công thức để không chỉ số nào tính từ chính nó.",
        told,
    )


def acts_of(cells: Iterable[CellMeasure]) -> tuple[str, ...]:
    """The acts whose forms hold the cells: the folder that begins each form's key."""
    return tuple(dict.fromkeys(cell.form.partition(":")[0] for cell in cells))


def _refuse_two_regimes(key: str, version: Version) -> None:
    acts = acts_of(version.cells())
    if len(acts) > 1 and not version.joined:
        raise QueryRefused(
            "two-regimes",
            f"Chỉ số “{key}” lấy số của hai chế độ báo cáo ({', '.join(acts)}): phạm vi thống kê có thể khác nhau. "
            "Ghi rõ căn cứ ghép trong định nghĩa hoặc dùng ô của một chế độ.",
            ", ".join(acts),
        )
