"""What a measure is called: of a cell by its place in the form, of an indicator as its definition has it."""

from typing import Final

from giaoban.core.layouts import FormDefinition, Row, Table
from giaoban.core.queries import IndicatorMeasure, Measure, MeasureHead, QueryRefused
from giaoban.indicators.models import Indicator
from giaoban.reporting.selectors import definition_of
from giaoban.reporting.selectors.querying import Place, places_of

PERCENT: Final = "%"


def measure_head(measure: Measure) -> MeasureHead:
    """Raises QueryRefused for a measure that is nowhere."""
    if isinstance(measure, IndicatorMeasure):
        return indicator_head(indicator_row(measure))
    return cell_head(places_of([measure])[measure])


def cell_head(place: Place) -> MeasureHead:
    definition, headings = definition_of(place.form), (*place.column.parent, place.column.label)
    return MeasureHead(
        word=place.measure.word,
        name=cell_name(definition, place.table, place.row, headings, place.measure.subunit),
        unit=place.column.unit,
        scale=place.column.scale,
        is_rate=place.column.roll_up == "rate" and place.column.unit == PERCENT,
        source=f"Biểu {place.form.code}, {place.form.act}" if place.form.act else place.form.title,
    )


def cell_name(form: FormDefinition, table: Table, row: Row, column: tuple[str, ...], subunit: str = "") -> str:
    """Column, then as much of row and table as tells it from the other cells of the form."""
    words = [" › ".join(dict.fromkeys(filter(None, column)))]
    if len(table.rows) > 1 or not table.only_row:
        words.append(f"{row.label or row.id}{f' ({subunit})' if subunit else ''}")
    if len(form.tables) > 1:
        words.append(table.title or table.id)
    return " · ".join(words)


def indicator_row(measure: IndicatorMeasure) -> Indicator:
    """Raises QueryRefused."""
    found = Indicator.objects.select_related("form", "field").filter(key=measure.key).first()
    if found is None:
        sentence = f"Không có chỉ số mang mã “{measure.key}”: chọn lại trong danh sách chỉ số."
        raise QueryRefused("unknown-measure", sentence, measure.word)
    return found


def indicator_head(row: Indicator) -> MeasureHead:
    return MeasureHead(
        word=IndicatorMeasure(row.key).word,
        name=row.name,
        unit=row.unit,
        scale=row.scale,
        is_rate=row.unit == PERCENT,
        higher_is_better=row.higher_is_better,
        source=row.source,
    )
