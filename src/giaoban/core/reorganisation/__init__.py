"""A reorganisation told by a table: its slips found and named, a person's decisions, and the one event it becomes."""

from giaoban.core.reorganisation.building import event_of
from giaoban.core.reorganisation.examining import Counts, Examination, examine
from giaoban.core.reorganisation.register import Register
from giaoban.core.reorganisation.slips import (
    SLIP_KINDS,
    Change,
    Decision,
    Proposal,
    Slip,
    change_from_data,
    decision_from_data,
    last_number,
    numbered,
    rows_words,
)
from giaoban.core.reorganisation.table import (
    COLUMNS,
    MOST_ROWS,
    PART_WORDS,
    PartOf,
    Row,
    TableError,
    part_of,
    read_cells,
    read_csv,
    row_from_data,
    write_csv,
)

__all__ = [
    "COLUMNS",
    "MOST_ROWS",
    "PART_WORDS",
    "SLIP_KINDS",
    "Change",
    "Counts",
    "Decision",
    "Examination",
    "PartOf",
    "Proposal",
    "Register",
    "Row",
    "Slip",
    "TableError",
    "change_from_data",
    "decision_from_data",
    "event_of",
    "examine",
    "last_number",
    "numbered",
    "part_of",
    "read_cells",
    "read_csv",
    "row_from_data",
    "rows_words",
    "write_csv",
]
