"""A made-up answer for the pivot page: four units, three periods, an amount and a rate, every state once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from giaoban.core.consolidation import Coverage
from giaoban.core.queries import (
    Answer,
    Axis,
    CellMeasure,
    FigureQuery,
    MeasureHead,
    PeriodHead,
    PeriodRange,
    UnitHead,
    Value,
)

AMOUNT, RATE = "f:x/main/total/all", "f:x/main/total/rate"
PERIODS = ("years:2021", "years:2022", "years:2023")
UNITS = ("a", "b", "c", "d")
MISSING = Value(None, "missing", Coverage(0, 1, ("Đơn vị D",)))
NIL = Value(None, "nil", Coverage(1, 1))
NA = Value(None, "na", Coverage(1, 1))
BLANK = Value(None, "blank", Coverage(1, 1))


def known(text: str, estimate: str = "0", **more: object) -> Value:
    return Value(Decimal(text), "reported", Coverage(1, 1), Decimal(estimate), **more)  # type: ignore[arg-type]


FIGURES: Mapping[tuple[str, str], tuple[Value, Value, Value]] = {
    ("a", AMOUNT): (known("1204"), known("1300"), known("1500.5", "0.5")),
    ("b", AMOUNT): (known("0"), NIL, known("20")),
    ("c", AMOUNT): (known("30"), MISSING, known("20")),
    ("d", AMOUNT): (NA, BLANK, MISSING),
    ("", AMOUNT): (known("1234"), known("1300"), known("1540.5", "0.5")),
    ("a", RATE): (known("50"), known("51.25"), known("49")),
    ("b", RATE): (known("60"), NIL, Value(None, "reported", reason="mẫu số bằng 0")),
    ("c", RATE): (known("60"), MISSING, known("61")),
    ("d", RATE): (NA, BLANK, MISSING),
    ("", RATE): (known("55"), known("51.25"), known("50")),
}


def heads() -> tuple[MeasureHead, MeasureHead]:
    return (
        MeasureHead(AMOUNT, "Tổng số", "việc", 1),
        MeasureHead(RATE, "Tỷ lệ", "%", 2, is_rate=True, higher_is_better=True),
    )


def made(rows: Axis = "unit", columns: Axis = "period", *, measures: int = 1, simulated: bool = False) -> Answer:
    """measures: how many of the two are asked for."""
    shown = heads()[:measures]
    query = FigureQuery(
        tuple(CellMeasure("f:x", "main", "total", one.word.rpartition("/")[2]) for one in shown),
        "top",
        (PeriodRange("years", "2021", "2023"),),
        rows=rows,
        columns=columns,
    )
    values = {
        (unit, period, measure): value
        for (unit, measure), held in FIGURES.items()
        for period, value in zip(PERIODS, held, strict=True)
        if measure in {one.word for one in shown}
    }
    if simulated:
        values["a", PERIODS[0], AMOUNT] = known("1204", simulated=True)
    return Answer(
        query,
        UnitHead("top", 9, "Đơn vị trên", "Trên"),
        tuple(UnitHead(key, at + 1, f"Đơn vị {key.upper()}", key.upper(), key) for at, key in enumerate(UNITS)),
        tuple(
            PeriodHead(
                word, f"Năm {word[-4:]}", "01/01–31/12", date(int(word[-4:]), 1, 1), date(int(word[-4:]) + 1, 1, 1)
            )
            for word in PERIODS
        ),
        shown,
        values,
        datetime(2024, 2, 1, 8, tzinfo=UTC),
        "thử",
    )
