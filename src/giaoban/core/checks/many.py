"""All checks of one form over many reports at once.

Each check first finds, in columns of numbers, where something may be wrong; what is said there is made by the same
functions that check one report, so that both ways say the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

import numpy as np

from giaoban.core.checks import exact
from giaoban.core.checks.arithmetic import computed_columns, computed_issues, part_issues, parts_of, total_issues
from giaoban.core.checks.batch import NOWHERE, WIDEST, Batch, TableLines, Truth, Whole
from giaoban.core.checks.changes import (
    FAR_DEVIATIONS,
    LARGE_CHANGE_PERCENT,
    Norms,
    change_issues,
    far_issues,
    norm_cells,
)
from giaoban.core.checks.lines import lines_by_row
from giaoban.core.checks.one import run_checks
from giaoban.core.checks.places import Places
from giaoban.core.checks.rules import NOTHING_AROUND, Asked, Surroundings, rule_issues, waiting_issues
from giaoban.core.figures import Figures, Line, decimals
from giaoban.core.forms import Column, FormCheck, FormDefinition, Row, Table
from giaoban.core.formulas import Formula, parse
from giaoban.core.issues import Cell, Issue

NARROW: Final = (2**58, 2**40, 2**30, 2**20)
"""Where a formula could leave 64 bits, only the places whose numbers stay below one of these are taken at once."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside each report of a batch, as `run_checks` takes it; None where it is so for all.

    previous and before hold as many reports as the batch; `before` of the surroundings stands in `before` here.
    """

    previous: Batch | None = None
    allowed_subunits: Sequence[frozenset[str] | None] | None = None
    surroundings: Sequence[Surroundings] | None = None
    before: Batch | None = None
    norms: Sequence[Norms | None] | None = None


ALONE: Final = Around()
NEVER: Final = 2**62 + 2**61
"""No distance between two numbers of a batch is as large."""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What the checks of a table need to know of it, worked out once."""

    table: Table
    parts: tuple[tuple[Column, Column], ...]
    totals: tuple[tuple[int, Row, tuple[int, ...]], ...]
    computed: tuple[tuple[Column, Formula], ...]
    required: tuple[tuple[int | None, str], ...]
    compared: tuple[int, ...]
    is_listed: tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Version:
    """A form by what tells its versions apart."""

    form: FormDefinition

    def __hash__(self) -> int:
        return hash((self.form.key, self.form.checksum))

    def __eq__(self, other: object) -> bool:
        mine = (self.form.key, self.form.checksum)
        return isinstance(other, _Version) and mine == (other.form.key, other.form.checksum)


def compiled(form: FormDefinition) -> tuple[TablePlan, ...]:
    """The plan of each table, made once per version of a form."""
    return _compiled(_Version(form))


@lru_cache(maxsize=512)
def _compiled(version: _Version) -> tuple[TablePlan, ...]:
    return tuple(_plan(table) for table in version.form.tables)


def _plan(table: Table) -> TablePlan:
    numbers = {row.id: number for number, row in enumerate(table.rows)}
    return TablePlan(
        table=table,
        parts=tuple(parts_of(table)),
        totals=tuple(
            (numbers[row.id], row, tuple(numbers[part] for part in row.sum_of)) for row in table.rows if row.sum_of
        ),
        computed=tuple((column, parse(column.formula or "0")) for column in computed_columns(table)),
        required=tuple((table.positions.get(column.id), column.id) for column in table.columns if column.required),
        compared=tuple(position for position, column in enumerate(table.numeric) if column.formula is None),
        is_listed=tuple(row.one_per is not None for row in table.rows),
    )


def run_checks_many(
    form: FormDefinition, batch: Batch, around: Around = ALONE, *, change_percent: Decimal = LARGE_CHANGE_PERCENT
) -> list[list[Issue]]:
    """For each report of a batch what `run_checks` says of it, in the same order."""
    run = _Run(form, batch, around, change_percent)
    for plan in compiled(form):
        run.blanks(plan)
    for plan in compiled(form):
        run.parts(plan)
    for plan in compiled(form):
        run.totals(plan)
    for plan in compiled(form):
        run.computed(plan)
    for check in form.checks:
        run.rule(check)
    run.waiting()
    if around.previous is not None:
        run.changes()
    if around.norms is not None:
        run.far()
    for number in run.alone:
        run.issues[number] = run.by_itself(number)
    return run.issues


@dataclass(slots=True)
class _Run:
    form: FormDefinition
    batch: Batch
    around: Around
    percent: Decimal
    alone: frozenset[int] = field(init=False)
    issues: list[list[Issue]] = field(init=False)
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        odd = set(self.batch.odd)
        for other in (self.around.previous, self.around.before):
            odd |= set(other.odd) if other is not None else set()
        odd |= set(self._unlisted())
        self.alone = frozenset(odd)
        self.issues = [[] for _ in range(self.batch.size)]
        values = [one.values for one in self.around.surroundings] if self.around.surroundings else None
        self.places = Places(self.form, self.batch, self.around.before, self.around.previous, values)

    def by_itself(self, number: int) -> list[Issue]:
        around = self.around
        return run_checks(
            self.form,
            self.batch.figures(number),
            previous=self._previous(number),
            allowed_subunits=around.allowed_subunits[number] if around.allowed_subunits else None,
            change_percent=self.percent,
            surroundings=self._surroundings(number),
            norms=around.norms[number] if around.norms else None,
        )

    def blanks(self, plan: TablePlan) -> None:
        lines = self.batch.tables[plan.table.id]
        filled = lines.filled
        for number, row in enumerate(plan.table.rows):
            if not plan.required:
                continue
            if not row.is_dynamic:
                at = lines.line_at(number)
                absent = at == NOWHERE
                blank = np.stack(
                    [self._is_blank(lines, filled, at, position, name) for position, name in plan.required]
                )
                blank |= absent
                reports, columns = np.nonzero(blank.T)
                subunits = [""] * len(reports)
            else:
                mine = np.flatnonzero(lines.row == number)
                blank = np.stack(
                    [self._is_blank(lines, filled, mine, position, name) for position, name in plan.required]
                )
                found, columns = np.nonzero(blank.T)
                reports = lines.report[mine[found]]
                subunits = [lines.subunits[line] for line in mine[found]]
            for report, column, subunit in zip(reports.tolist(), columns.tolist(), subunits, strict=True):
                at_cell = Cell(plan.table.id, row.id, subunit, plan.required[column][1])
                self.issues[report].append(Issue("required-blank", "error", at_cell))

    @staticmethod
    def _is_blank(lines: TableLines, filled: Truth, at: Whole, position: int | None, name: str) -> Truth:
        if position is None:
            texts = [bool(lines.texts[line].get(name)) if line != NOWHERE else False for line in at.tolist()]
            return ~np.array(texts, dtype=bool)
        if not len(lines.report):
            return np.ones(len(at), dtype=bool)
        found: Truth = ~filled[at, position]
        return found

    def parts(self, plan: TablePlan) -> None:
        lines = self.batch.tables[plan.table.id]
        wrong = np.zeros(len(lines.report), dtype=bool)
        amount, known = lines.amount, lines.known
        for part, whole in plan.parts:
            mine, other = plan.table.positions[part.id], plan.table.positions[whole.id]
            least = min(part.scale, whole.scale)
            one = _apart(amount[:, mine], whole.scale - least, known[:, mine])
            two = _apart(amount[:, other], part.scale - least, known[:, other])
            both = known[:, mine] & known[:, other]
            wrong |= both if one is None or two is None else both & (one > two)
        self._say(lines, wrong, lambda line, _: part_issues(plan.table, line))

    def totals(self, plan: TablePlan) -> None:
        lines = self.batch.tables[plan.table.id]
        adds = np.array([column.roll_up == "sum" for column in plan.table.numeric], dtype=bool)
        known = lines.known
        for number, row, parts in plan.totals:
            mine = np.flatnonzero(lines.row == number)
            value, estimate = self._sums(lines, parts)
            reports = lines.report[mine]
            differs: Truth = known[mine]
            if value is not None and estimate is not None:
                differs = differs & (
                    (lines.value[mine] != value[reports]) | (lines.estimate[mine] != estimate[reports])
                )
            wrong = np.zeros(len(lines.report), dtype=bool)
            wrong[mine] = (differs & adds).any(axis=1)
            self._say(lines, wrong, self._total(plan.table, row))

    def _total(self, table: Table, row: Row) -> "Callable[[Line, int], Iterator[Issue]]":
        needed = {row.id, *row.sum_of}

        def issues(line: Line, report: int) -> Iterator[Issue]:
            figures = self.batch.figures(report)
            mine = {key: figures[key] for key in figures if key[0] == table.id and key[1] in needed}
            return total_issues(table, row, line, lines_by_row(table, mine))

        return issues

    def _sums(self, lines: TableLines, parts: Sequence[int]) -> tuple[Whole | None, Whole | None]:
        """Report → the sums of its lines in some rows; None when they could leave 64 bits."""
        mine = np.flatnonzero(np.isin(lines.row, parts))
        most = int(np.bincount(lines.report[mine], minlength=1).max()) if len(mine) else 0
        found: list[Whole | None] = []
        for numbers in (lines.value, lines.estimate):
            largest = int(np.abs(numbers[mine]).max()) if len(mine) and numbers.shape[1] else 0
            if most * largest >= exact.ROOM:
                found.append(None)
                continue
            sums = np.zeros((self.batch.size, numbers.shape[1]), dtype=np.int64)
            np.add.at(sums, lines.report[mine], numbers[mine])
            found.append(sums)
        return found[0], found[1]

    def computed(self, plan: TablePlan) -> None:
        if not plan.computed:
            return
        lines = self.batch.tables[plan.table.id]
        wrong = np.zeros(len(lines.report), dtype=bool)
        for column, formula in plan.computed:
            position = plan.table.positions[column.id]
            stated = exact.numbers(lines.amount[:, position], column.scale, lines.known[:, position])
            wrong |= self._differs(lines, column, formula, stated)
        columns = [column for column, _ in plan.computed]
        self._say(lines, wrong, lambda line, _: computed_issues(plan.table, columns, line))

    def _differs(self, lines: TableLines, column: Column, formula: Formula, stated: exact.Vector) -> Truth:
        def value(name: str) -> exact.Vector:
            position = lines.table.positions[name]
            scale = lines.table.numeric[position].scale
            return exact.numbers(lines.amount[:, position], scale, lines.known[:, position])

        try:
            found = exact.rounded(exact.evaluate(formula.left, value, value, len(lines.report)), column.scale)
        except (exact.TooWide, exact.NotHere):
            return stated.known
        told: Truth = stated.known & found.known & (~found.sure | (found.top != stated.top))
        return told

    def rule(self, check: FormCheck) -> None:
        if check.table is None:
            for report in self._doubtful(check, None).nonzero()[0].tolist():
                if report not in self.alone:
                    self.issues[report].extend(rule_issues(self.form, check, self._asked(report), line=None))
            return
        lines = self.batch.tables[check.table]
        self._say(
            lines,
            self._doubtful(check, lines),
            lambda line, report: rule_issues(self.form, check, self._asked(report), line=line),
        )

    def _doubtful(self, check: FormCheck, lines: TableLines | None) -> Truth:
        """Places (reports, or the lines of a table) where a rule fails or only decimals can tell."""
        size = self.batch.size if lines is None else len(lines.report)
        doubtful = np.ones(size, dtype=bool)
        try:
            width = self.places.width(check, lines)
            for limit in NARROW:
                narrow = doubtful & (width < limit)
                if not narrow.any():
                    continue
                at = np.flatnonzero(narrow)
                try:
                    said = self.places.decide(check, lines, at)
                except exact.TooWide:
                    continue
                doubtful[at] = said.fails | said.unsure
                break
        except exact.NotHere:
            return doubtful
        return doubtful

    def waiting(self) -> None:
        for number, one in enumerate(self.around.surroundings or ()):
            if one.waiting:
                self.issues[number].extend(waiting_issues(one))

    def changes(self) -> None:
        """Large changes of all tables, in the order of the lines of each report."""
        previous = self.around.previous
        if previous is None:
            return
        found: list[tuple[int, int, int, Issue]] = []
        for plan in compiled(self.form):
            lines, earlier = self.batch.tables[plan.table.id], previous.tables[plan.table.id]
            there = lines.same_lines(earlier)
            mine = np.flatnonzero(there != NOWHERE)
            there = there[mine]
            columns = np.array(plan.compared, dtype=np.int64)
            now, before = lines.amount[mine][:, columns], earlier.amount[there][:, columns]
            both = lines.known[mine][:, columns] & earlier.known[there][:, columns] & (before != 0)
            at, which = np.nonzero(both & self._moved(now, before))
            for one, column in zip(at.tolist(), which.tolist(), strict=True):
                number = int(mine[one])
                position = plan.compared[column]
                scale = plan.table.numeric[position].scale
                new, old = (Decimal(int(part[one, column])).scaleb(-scale) for part in (now, before))
                issue = change_issues(_cell(lines, number, position), new, old, self.percent)
                order = (int(lines.report[number]), int(lines.order[number]), position)
                found.extend((*order, told) for told in issue)
        self._in_order(found)

    def _moved(self, now: Whole, before: Whole) -> Truth:
        """Where the change may be as large as the percentage."""
        places = 10 ** decimals(self.percent)
        percent = int(self.percent * places)
        change = np.abs(now - before)
        if not change.size:
            return np.zeros(change.shape, dtype=bool)
        if max(int(change.max()) * 100 * places, int(np.abs(before).max()) * max(abs(percent), 1)) >= exact.ROOM:
            return np.ones(change.shape, dtype=bool)
        found: Truth = change * (100 * places) >= np.abs(before) * percent
        return found

    def far(self) -> None:
        """Figures far from those of the units around; units beneath one receiver share what is said of them."""
        norms = self.around.norms or ()
        groups: dict[int, list[int]] = {}
        for number, held in enumerate(norms):
            if held:
                groups.setdefault(id(held), []).append(number)
        sharing = [(norms[members[0]] or {}, members) for members in groups.values()]
        found: list[tuple[int, int, int, Issue]] = []
        for plan in compiled(self.form):
            lines = self.batch.tables[plan.table.id]
            if len(lines.report) and lines.value.shape[1]:
                found.extend(self._far_in(plan, lines, sharing))
        self._in_order(found)

    def _far_in(
        self, plan: TablePlan, lines: TableLines, groups: Sequence[tuple[Norms, Sequence[int]]]
    ) -> Iterator[tuple[int, int, int, Issue]]:
        group = np.full(self.batch.size, NOWHERE, dtype=np.int64)
        shape = (len(groups), len(plan.table.rows), len(plan.table.numeric))
        middle, least = np.zeros(shape, dtype=np.int64), np.full(shape, NEVER, dtype=np.int64)
        numbers = {row.id: number for number, row in enumerate(plan.table.rows)}
        cells = [(numbers[row], row, position, column) for row, position, column in norm_cells(plan.table)]
        for number, (norms, members) in enumerate(groups):
            group[members] = number
            for row, name, position, column in cells:
                norm = norms.get(((plan.table.id, name, ""), column.id))
                if norm is not None and norm.is_usable:
                    quarter = 4 * 10**column.scale
                    at, far = int(norm.median * quarter), int(norm.spread * quarter) * FAR_DEVIATIONS
                    narrow = abs(at) < WIDEST and far < WIDEST
                    middle[number, row, position] = at if narrow else 0
                    least[number, row, position] = far - 1 if narrow else NOWHERE  # both numbers were cut off
        mine = np.flatnonzero(group[lines.report] != NOWHERE)
        where = group[lines.report[mine]], lines.row[mine]
        far_off = lines.known[mine] & (np.abs(4 * lines.amount[mine] - middle[where]) >= least[where])
        for one, position in zip(*(found.tolist() for found in np.nonzero(far_off)), strict=True):
            line = int(mine[one])
            if int(lines.report[line]) in self.alone:
                continue
            column = plan.table.numeric[position]
            norm = groups[int(group[lines.report[line]])][0][lines.key(line), column.id]
            now = Decimal(int(lines.amount[line, position])).scaleb(-column.scale)
            order = (int(lines.report[line]), int(lines.order[line]), position)
            yield from ((*order, told) for told in far_issues(_cell(lines, line, position), now, norm))

    def _in_order(self, found: list[tuple[int, int, int, Issue]]) -> None:
        for report, _, _, issue in sorted(found, key=lambda one: one[:3]):
            self.issues[report].append(issue)

    def _say(self, lines: TableLines, wrong: Truth, issues_of: "Callable[[Line, int], Iterator[Issue]]") -> None:
        """Let one report's check speak for each line where something may be wrong."""
        for number in np.flatnonzero(wrong).tolist():
            report = int(lines.report[number])
            if report not in self.alone:
                line = self.batch.figures(report)[lines.key(number)]
                self.issues[report].extend(issues_of(line, report))

    def _unlisted(self) -> Iterator[int]:
        """Reports with a line of a sub-unit that they may not list."""
        allowed = self.around.allowed_subunits
        if allowed is None:
            return
        for plan in compiled(self.form):
            lines = self.batch.tables[plan.table.id]
            for number in np.flatnonzero(np.array(plan.is_listed, dtype=bool)[lines.row]).tolist():
                report = int(lines.report[number])
                listed = allowed[report]
                if listed is not None and lines.subunits[number] not in listed:
                    yield report

    def _surroundings(self, number: int) -> Surroundings:
        around = self.around.surroundings[number] if self.around.surroundings else NOTHING_AROUND
        before = self.around.before
        return replace(around, before=before.figures(number)) if before is not None else around

    def _previous(self, number: int) -> Figures | None:
        return self.around.previous.figures(number) if self.around.previous is not None else None

    def _asked(self, number: int) -> Asked:
        return Asked(self.batch.figures(number), self._surroundings(number), self._previous(number))


def _cell(lines: TableLines, number: int, position: int) -> Cell:
    return Cell(*lines.key(number), lines.table.numeric[position].id)


def _apart(numbers: Whole, scale: int, known: Truth) -> Whole | None:
    """Numbers × 10**scale; None when one could leave 64 bits."""
    if scale and len(numbers) and int(np.abs(np.where(known, numbers, 0)).max()) * 10**scale >= exact.ROOM:
        return None
    apart: Whole = numbers * 10**scale
    return apart
