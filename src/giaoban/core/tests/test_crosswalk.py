from decimal import Decimal

import pytest

from giaoban.core.consolidation import CellTotal
from giaoban.core.crosswalk import NoCrosswalk, carried, carried_cells
from giaoban.core.figures import BLANK, NIL, blank_line, reported
from giaoban.core.forms import form_faults, parse_form
from giaoban.core.issues import Cell
from giaoban.core.tests.forms_for_tests import capture, two_tables
from giaoban.core.units_of_measure import NotConvertible

OLD = parse_form(two_tables(), "capture:lamps")


def continued(**cells: str) -> dict[str, object]:
    """The form of one table, going on from the cells of the form of two."""
    return capture(continues=[{"form": OLD.key, "cells": cells, "note": "same words"}])


def test_what_the_pack_names_is_carried_and_all_else_refused() -> None:
    new = parse_form(continued(all="lights.total.II.1", good="own.I.1"), "capture:lamps")
    own, total = blank_line(OLD.table("own"), "s"), blank_line(OLD.table("lights"), "total")
    own.figures[OLD.table("own").positions["I.1"]] = NIL
    total.figures[OLD.table("lights").positions["II.1"]] = reported(Decimal(7), Decimal(2))
    found = carried({own.key: own, total.key: total}, old=OLD, new=new)
    line = found.figures["own", "total", ""]
    assert line.figures == [reported(Decimal(7), Decimal(2)), NIL, BLANK, BLANK, BLANK]
    assert found.refused == tuple(Cell("own", "total", "", column) for column in ("oil", "rate", "age"))
    assert found.note == "same words"


def test_a_line_that_was_not_reported_stays_blank() -> None:
    new = parse_form(continued(all="lights.total.II.1"), "capture:lamps")
    assert carried({}, old=OLD, new=new).figures["own", "total", ""].figures == [BLANK] * 5


def test_forms_that_nobody_joined_are_not_joined() -> None:
    with pytest.raises(NoCrosswalk, match="continues nothing"):
        carried({}, old=OLD, new=parse_form(capture(), "capture:lamps"))


def test_a_cell_that_is_none_is_a_fault() -> None:
    reasons = [fault.reason for fault in form_faults(continued(**{"own.total.nothing": "own.I.1"}), "capture:lamps")]
    assert reasons == ["'own.total.nothing' names no column of the form"]


def money(unit: str, scale: int, **changes: object) -> dict[str, object]:
    columns = [{"id": "fee", "label": "Fee", "unit": unit, "scale": scale}]
    return capture(tables=[{"id": "own", "rows": [{"id": "total"}], "columns": columns}], **changes)


def test_amounts_of_money_are_converted() -> None:
    old = parse_form(money("Nghìn đồng", 1), "capture:lamps")
    joined = [{"form": old.key, "cells": {"fee": "fee"}}]
    line = blank_line(old.table("own"), "total")
    line.figures[0] = reported(Decimal("1234.5"), Decimal("0.1"))
    key = ("own", "total", "", "fee")
    for unit, scale, value, estimate in (("đồng", 0, "1234500", "100"), ("triệu đồng", 2, "1.23", "0.00")):
        new = parse_form(money(unit, scale, continues=joined), "capture:lamps")
        figure = carried({line.key: line}, old=old, new=new).figures[line.key].figures[0]
        assert (figure.value, figure.estimate) == (Decimal(value), Decimal(estimate))
    (cell,) = carried_cells({key: CellTotal(Decimal("1234.5"), reported=2)}, old=old, new=new).values()
    assert cell == CellTotal(Decimal("1.2345"), reported=2)


def test_money_and_people_are_not_joined() -> None:
    old = parse_form(money("Người", 0), "capture:lamps")
    new = parse_form(money("Đồng", 0, continues=[{"form": old.key, "cells": {"fee": "fee"}}]), "capture:lamps")
    line = blank_line(old.table("own"), "total")
    line.figures[0] = reported(3)
    with pytest.raises(NotConvertible, match="không cùng loại"):
        carried({line.key: line}, old=old, new=new)
