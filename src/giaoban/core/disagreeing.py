"""What the checks found, as two numbers for one thing: which was stated, which comes out, of what kind."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from giaoban.core.checks.rules import spoken
from giaoban.core.formulas import Binary, Formula, Name, Node, scope_of
from giaoban.core.issues import Cell, Issue
from giaoban.core.layouts import Column, FormCheck, FormDefinition

Kind = Literal["published", "parts", "partitions", "register", "both-sides", "moments", "falling", "duplicate"]

COMPARED: Final = frozenset(
    {"total-mismatch", "estimate-total-mismatch", "part-exceeds-whole", "computed-mismatch", "formula-fails"}
)
"""Codes of the checks that hold two numbers against each other inside a report and around it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers that an issue holds against each other. measure: unit of both, "" when the rule mixes units."""

    kind: Kind
    issue: Issue
    stated: Decimal
    computed: Decimal
    stated_name: str
    computed_name: str
    measure: str

    @property
    def cell(self) -> Cell:
        return self.issue.at


def pairs(form: FormDefinition, issues: Iterable[Issue]) -> Iterator[Pair]:
    """The issues that are disagreements, whatever their severity: one that stands was let through."""
    rules = {spoken(check): check for check in form.checks}
    divided = _divided(form)
    for issue in issues:
        if issue.code in COMPARED:
            yield _pair(form, issue, rules, divided)


def place(form: FormDefinition, cell: Cell, names: Mapping[str, str] | None = None) -> str:
    """A cell in the labels of its form: "Bảng A · Tổng số · Chứng thực bản sao". names: of sub-units, by key."""
    table = form.table(cell.table)
    row, column = table.rows_by_id.get(cell.row), table.columns_by_id.get(cell.column)
    subunit = (names or {}).get(cell.subunit, cell.subunit)
    words = [
        (table.title or table.id) if len(form.tables) > 1 else "",
        subunit or ((row.label or row.id) if row is not None and table.only_row is None else ""),
        column_words(column) if column is not None else cell.column,
    ]
    return " · ".join(word for word in words if word)


def column_words(column: Column) -> str:
    """The column with the headers above it."""
    return " / ".join((*column.parent, column.label))


def is_falling_counter(column: Column) -> bool:
    """Whether a cumulative figure of the column can only grow: it adds up, and is neither a stock nor signed."""
    adds = column.roll_up == "sum" and column.formula is None
    return adds and not column.signed and column.nature in ("flow", "cumulative", "running")


def _pair(
    form: FormDefinition, issue: Issue, rules: Mapping[str, FormCheck], divided: frozenset[tuple[str, str]]
) -> Pair:
    column = form.table(issue.at.table).columns_by_id[issue.at.column]
    if issue.code == "formula-fails":
        return _of_rule(form, issue, rules[str(issue.params["formula"])], divided)
    if issue.code == "part-exceeds-whole":
        names = (f"Trong đó: {column.label}", str(issue.params["whole_column"]))
        return Pair("parts", issue, _number(issue, "part"), _number(issue, "whole"), *names, column.unit)
    stated, computed = _number(issue, "stated"), _number(issue, "computed")
    if issue.code == "computed-mismatch":
        kind: Kind = "published" if form.kind == "capture" else "parts"
        return Pair(kind, issue, stated, computed, "Số đã ghi", "Tính theo công thức của cột", column.unit)
    estimate = ", phần ước tính" if issue.code == "estimate-total-mismatch" else ""
    return Pair("parts", issue, stated, computed, f"Tổng đã ghi{estimate}", f"Cộng các phần{estimate}", column.unit)


def _of_rule(form: FormDefinition, issue: Issue, check: FormCheck, divided: frozenset[tuple[str, str]]) -> Pair:
    scopes = {scope_of(name)[0] for name in check.formula.names()} - {""}
    left = check.formula.left
    reference = check.references.get(left.name) if isinstance(left, Name) else None
    stated_name, measure = "Tính từ các ô đã ghi", ""
    if reference is not None:
        column = form.table(reference.table).columns_by_id[reference.column]
        stated_name, measure = column_words(column), column.unit
    kind, computed_name = _kind(form, check, scopes, divided), _made_of(form, check)
    for scope, name in _SCOPE_NAMES.items():
        if scope in scopes:
            computed_name = name
    return Pair(kind, issue, _number(issue, "left"), _number(issue, "right"), stated_name, computed_name, measure)


def _made_of(form: FormDefinition, check: FormCheck) -> str:
    """What stands right in a rule, in the labels of the form."""
    left = check.formula.left
    names = [name for name in check.references if not (isinstance(left, Name) and name == left.name)]
    labels = []
    for name in names:
        reference = check.references[name]
        table = form.table(reference.table)
        row = table.rows_by_id.get(reference.row or "")
        column = column_words(table.columns_by_id[reference.column])
        labels.append(f"{row.label or row.id} · {column}" if row is not None and table.only_row is None else column)
    words = "Cộng" if _only_adds(check.formula.right) else "Tính lại từ"
    return f"{words}: {'; '.join(labels)}" if labels else "Vế phải"


_SCOPE_NAMES: Final = {
    "year_before": "Theo cùng kỳ năm trước",
    "before": "Theo kỳ trước",
    "form": "Theo biểu khác của đơn vị",
    "below": "Cộng báo cáo cấp dưới",
    "register": "Theo sổ theo dõi",
}


def _kind(form: FormDefinition, check: FormCheck, scopes: set[str], divided: frozenset[tuple[str, str]]) -> Kind:
    if "register" in scopes:
        return "register"
    if "form" in scopes:
        return "partitions"
    if scopes & {"before", "year_before"} and check.formula.comparison != "=":
        return "falling"
    if scopes:
        return "parts"
    if form.kind == "capture" and not _only_adds(check.formula.right):
        return "published"
    left = check.formula.left
    return "partitions" if isinstance(left, Name) and (check.table or "", left.name) in divided else "parts"


def _divided(form: FormDefinition) -> frozenset[tuple[str, str]]:
    """Totals that a form divides in more than one way: what stands left of several sums."""
    lefts = Counter(
        (check.table or "", check.formula.left.name)
        for check in form.checks
        if isinstance(check.formula.left, Name) and not check.outside and _is_sum(check.formula)
    )
    return frozenset(name for name, count in lefts.items() if count > 1)


def _is_sum(formula: Formula) -> bool:
    return formula.comparison == "=" and isinstance(formula.right, Binary) and _only_adds(formula.right)


def _only_adds(node: Node | None) -> bool:
    if isinstance(node, Binary):
        return node.sign in "+-" and _only_adds(node.left) and _only_adds(node.right)
    return isinstance(node, Name)


def _number(issue: Issue, name: str) -> Decimal:
    value = issue.params[name]
    return value if isinstance(value, Decimal) else Decimal(str(value))
