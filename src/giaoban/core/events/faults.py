"""The faults of an event, in the words of the people who enter it: place, reason, remedy."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from giaoban.core.timeline import Fault, Tree
from giaoban.core.vietnamese import number

NOUN: Final[Mapping[Tree, str]] = {"area": "địa bàn", "unit": "đơn vị"}

_NAMES_SHOWN: Final = 5

# code -> sentence. Names in braces are given by who finds the fault; {noun} is địa bàn or đơn vị.
SENTENCES: Final[Mapping[str, str]] = {
    # what the event says
    "empty": "Biến động không có nội dung nào. Thêm ít nhất một nội dung rồi xem trước lại.",
    "empty-step": "Nội dung này chưa nêu {noun} nào. Chọn {noun} hoặc xóa nội dung này.",
    "no-change": "Biến động không làm thay đổi gì so với dữ liệu đang có. Kiểm tra lại nội dung và ngày hiệu lực.",
    "no-key": "{noun_first} mới “{name}” chưa có khóa định danh. Ghi khóa cho {noun} này.",
    "bad-key": (
        "Khóa “{key}” không dùng được trong địa chỉ và tệp. "
        "Chỉ dùng chữ thường không dấu, số và các dấu : . _ -, nhiều nhất {limit} ký tự."
    ),
    "no-name": "{noun_first} mới “{key}” chưa có tên. Ghi tên cho {noun} này.",
    "no-duties": "Chưa nêu nhiệm vụ nào của {name} được chuyển giao. Ghi rõ nhiệm vụ.",
    "unknown-key": "Không có {noun} nào mang khóa “{key}”. Kiểm tra lại khóa hoặc chọn {noun} từ danh sách.",
    "unknown-kind": "{name}: không có loại “{kind}” trong danh mục loại {noun}. Chọn loại có trong danh mục.",
    "key-used": "Khóa “{key}” đã dùng cho {name}. Ghi khóa khác cho {noun} mới.",
    "defined-twice": "{name} được mô tả hai lần với nội dung khác nhau trong cùng biến động. Giữ lại một mô tả.",
    "wrong-tree": "Chỉ đơn vị mới có địa bàn phục vụ; {name} là một địa bàn. Chọn một đơn vị.",
    "wrong-line": "{name}: địa bàn chỉ có cấp trên theo lãnh thổ, không theo tuyến “{line}”. Sửa tuyến.",
    "two-parents": "{name} có hai cấp trên trên cùng tuyến “{line}”. Mỗi tuyến chỉ giữ một cấp trên.",
    "set-twice": "{name}: {what} được sửa hai lần trong cùng biến động. Giữ lại một lần sửa.",
    "ended-twice": "{name} kết thúc hai lần trong cùng biến động. Giữ lại một nội dung.",
    "ended-and-changed": (
        "{name} kết thúc ngày {on} nên không thể đồng thời được sửa trong cùng biến động. Bỏ một trong hai nội dung."
    ),
    "created-and-ended": "{name} vừa được lập vừa kết thúc trong cùng biến động. Bỏ một trong hai nội dung.",
    "merge-itself": "Không thể nhập {name} vào chính nó. Chọn thêm {noun} được nhập hoặc {noun} khác để nhận.",
    "split-one": "Chia {name} phải có ít nhất hai phần. Thêm phần, hoặc dùng nội dung nhập nếu chuyển toàn bộ.",
    "part-twice": "{name} được ghi là nơi nhận hai lần khi chia {old}. Gộp hai phần làm một.",
    "share-range": "Tỷ lệ {share} của phần {name} không hợp lệ. Ghi tỷ lệ lớn hơn 0 và nhỏ hơn 1.",
    "shares-some": "Chia {name}: chỉ một số phần có tỷ lệ. Ghi tỷ lệ cho tất cả các phần hoặc không ghi phần nào.",
    "shares-sum": "Chia {name}: tổng các tỷ lệ là {total}, không bằng 1. Sửa các tỷ lệ cho đủ 1.",
    "not-a-part": "{child} được chuyển về {part}, nhưng {part} không phải một phần của {name}. Chọn lại nơi nhận.",
    "not-a-child": "{child} không trực thuộc {name} vào ngày {on}. Bỏ {child} khỏi danh sách chuyển theo.",
    "different-classes": "Không thể gộp hoặc chia {noun} khác cấp, khác loại: {names}. Chỉ chọn cùng cấp, cùng loại.",
    "no-successor": "Bãi bỏ thì không có {noun} kế tục để chuyển về. Chọn cách xử lý khác cho {noun} trực thuộc.",
    "nothing-of-kind": "Không có {noun} nào thuộc loại {kinds} vào ngày {on}. Kiểm tra loại và ngày hiệu lực.",
    "heir-itself": "{name} không thể chuyển nhiệm vụ cho chính mình. Chọn nơi nhận khác.",
    # what is on record
    "not-yet": "{name} chưa tồn tại ngay trước ngày {on} (tồn tại từ {start}). Kiểm tra ngày hiệu lực.",
    "not-living": "{name} không tồn tại vào ngày {on} ({life}). Kiểm tra ngày hiệu lực.",
    "already-ended": "{name} đã kết thúc ngày {end}, không còn để thay đổi ngày {on}. Kiểm tra ngày hiệu lực.",
    "changed-later": (
        "{name} đã có thay đổi ghi vào ngày {later} nên không thể kết thúc hoặc chia từ ngày {on}. "
        "Hoàn tác thay đổi đó trước, hoặc sửa ngày hiệu lực."
    ),
    "before-known": (
        "{name} chỉ được biết theo trạng thái ngày {known}, không biết trước đó ra sao. "
        "Chọn ngày hiệu lực sau ngày {known}."
    ),
    "overlap": "{name} có hai trạng thái cùng ngày {day} trong dữ liệu đang có. Sửa dữ liệu đó trước đã.",
    "link-twice": "Việc chuyển từ {name} sang {new} ngày {on} đã được ghi. Bỏ nội dung này, hoặc hoàn tác lần trước.",
    # what would become of the tree
    "receiver-ended": "{name} kết thúc ngày {on} nên không thể là nơi nhận. Chọn nơi nhận còn tồn tại.",
    "unknown-parent": "Không có {noun} nào mang khóa “{key}” để làm cấp trên của {names}. Chọn cấp trên khác.",
    "parent-missing": "{parent} không tồn tại vào ngày {on} nên không thể là cấp trên của {names}. Chọn cấp trên khác.",
    "outlives-parent": (
        "{names} còn tồn tại sau khi cấp trên {parent} kết thúc ngày {end}. "
        "Chọn cấp trên khác hoặc chuyển các {noun} này trước ngày đó."
    ),
    "parent-level": "{names} không thể trực thuộc {parent}, là địa bàn cùng cấp hoặc hẹp hơn. Chọn cấp trên rộng hơn.",
    "has-children": (
        "Không thể kết thúc {name} ngày {on}: còn {count} {noun} trực thuộc ({names}). "
        "Chuyển các {noun} này trước, hoặc chọn nơi chúng chuyển về."
    ),
    "cycle": "Cấp trên thành vòng tròn theo tuyến “{line}” từ ngày {day}: {path}. Chọn cấp trên khác.",
    "code-twice": "Mã {code} được dùng cho cả {names} vào ngày {day}. Ghi mã khác cho một trong hai {noun}.",
    "unknown-area": "{name}: không có địa bàn “{area}” vào ngày {on}. Chọn địa bàn khác.",
}


class Faults:
    """Collects the faults of one event, each sentence once."""

    def __init__(self) -> None:
        self._found: dict[Fault, None] = {}

    def add(self, code: str, at: str, tree: Tree, /, **words: Any) -> None:
        noun = NOUN[tree]
        words.setdefault("noun_first", noun[:1].upper() + noun[1:])
        self._found[Fault(code, at, SENTENCES[code].format(noun=noun, **words))] = None

    def __bool__(self) -> bool:
        return bool(self._found)

    def all(self) -> tuple[Fault, ...]:
        return tuple(self._found)


def listed(names: Iterable[str], tree: Tree) -> str:
    """The first five names and how many more there are."""
    every: Collection[str] = list(names)
    shown = ", ".join(list(every)[:_NAMES_SHOWN])
    rest = len(every) - _NAMES_SHOWN
    return f"{shown} và {number(rest)} {NOUN[tree]} khác" if rest > 0 else shown
