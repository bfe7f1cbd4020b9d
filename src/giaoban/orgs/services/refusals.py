"""Why an event is not recorded or not undone."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import DataError, IntegrityError

from giaoban.core.timeline import Fault

CONSTRAINTS: Final[Mapping[str, str]] = {
    "area_one_version_a_day": "Một địa bàn có hai trạng thái trong cùng một ngày. Kiểm tra lại ngày hiệu lực.",
    "area_code_once_a_day_in_a_level": "Một mã được dùng cho hai địa bàn cùng cấp trong cùng một ngày. Sửa mã.",
    "unit_one_version_a_day": "Một đơn vị có hai trạng thái trong cùng một ngày. Kiểm tra lại ngày hiệu lực.",
    "unit_code_once_a_day": "Một mã được dùng cho hai đơn vị trong cùng một ngày. Sửa mã.",
    "unit_one_parent_a_line": "Một đơn vị có hai cấp trên trên một tuyến trong cùng một ngày. Giữ lại một cấp trên.",
    "unit_not_its_own_parent": "Một đơn vị không thể là cấp trên của chính nó. Chọn cấp trên khác.",
    "served_area_once_a_day": "Một đơn vị phục vụ một địa bàn hai lần trong cùng một ngày. Bỏ một lần.",
    "area_succession_once": "Việc chuyển giữa hai địa bàn này trong ngày này đã được ghi. Bỏ một lần ghi.",
    "unit_succession_once": "Việc chuyển giữa hai đơn vị này trong ngày này đã được ghi. Bỏ một lần ghi.",
}
OTHERWISE: Final = "Biến động trái với dữ liệu đang có nên không ghi được gì. Xem trước lại rồi sửa nội dung."
TOO_LONG: Final = "Có tên, mã hoặc khóa quá dài, hoặc có ký tự không ghi được. Rút ngắn rồi ghi lại."


class EventRefused(Exception):
    """The event is not recorded, or not undone; the message is a Vietnamese sentence with the remedy.

    faults: each with its place, reason and remedy; empty when the refusal is about the act itself. reasons: all that
    stands against an undoing. field: the input that the refusal is about ("basis", "reason", "on"), "" for none.
    """

    def __init__(
        self, sentence: str, *, faults: Sequence[Fault] = (), reasons: Sequence[str] = (), field: str = ""
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.faults, self.reasons, self.field = sentence, tuple(faults), tuple(reasons), field


@contextmanager
def database_refusals() -> Iterator[None]:
    """What the database refuses is refused with a sentence. Around the transaction, never inside it."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        fault = Fault(name or "integrity", "event", CONSTRAINTS.get(name, OTHERWISE))
        raise EventRefused(fault.sentence, faults=[fault]) from error
    except DataError as error:
        raise EventRefused(TOO_LONG, faults=[Fault("too-long", "event", TOO_LONG)]) from error
