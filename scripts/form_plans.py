"""How each form of the catalogue becomes a form of the pack: what the catalogue writes as words, or does not say.

One plan for each layout. A form of which the catalogue has only the title needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NO_ROW_NAME = "Biểu gốc không có tên dòng"
ROWS_UNREAD = "(dòng của biểu chưa đọc được)"


@dataclass(frozen=True)
class Named:
    """Lines that people name: no unit stands behind them."""

    what: str


@dataclass(frozen=True)
class Below:
    """The lines of the dynamic row `into` come from the row `total` of a form of the level below.

    columns: prefix of the column ids there; factors: by column, where the two forms measure in different units.
    """

    form: str
    table: str
    columns: str = "c"
    into: str = "unit"
    factors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TablePlan:
    """How one table is cut out of a form.

    columns, rows: what belongs to it, as prefixes before a point or as whole codes; nothing = everything.
    lines: code of a dynamic row → the kind of unit, or the name of what people write. label: of a row without a name.
    """

    id: str
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    label: str = ""
    title: str = ""
    lines: Mapping[str, str | Named] = field(default_factory=dict)
    below: tuple[Below, ...] = ()


@dataclass(frozen=True)
class FormPlan:
    """valid: days that replace those of the catalogue; rename: row code → label, where the source says more.

    under: column code → heading that the source has between the parent and the column; folded: rows that are headings
    without figures, whose words go into the labels of their rows; unused: arithmetic that says nothing of a cell;
    not_summed: columns whose total is counted otherwise than by adding the reports of the level below. natures: column
    code → what the source says that it is over time, where it is no flow.
    """

    tables: tuple[TablePlan, ...]
    family: str
    reports: str = ""
    valid: tuple[str | None, str | None] | None = None
    signatures: tuple[str, ...] = ()
    stub: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rules: tuple[Mapping[str, str], ...] = ()
    replaces: tuple[str, ...] = ()
    continues: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    continues_note: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)
    under: Mapping[str, str] = field(default_factory=dict)
    folded: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    not_summed: tuple[str, ...] = ()
    natures: Mapping[str, str] = field(default_factory=dict)


EARLIER_FILES = "Chỉ cảnh báo: hồ sơ nhận ở kỳ trước có thể được giải quyết trong kỳ này."
SETTLED = ({"rule": "c7 <= c6", "severity": "warning", "status": "derived", "note": EARLIER_FILES},)
CARRIED = "Theo ghi chú của biểu: số chuyển kỳ sau của kỳ trước phải bằng số kỳ trước chuyển qua của kỳ này."
FILES_CARRIED = ({"rule": "c6 = before(c11)", "severity": "warning", "status": "derived", "note": CARRIED},)
CASES_CARRIED = ({"rule": "c2 = before(c11)", "severity": "warning", "status": "derived", "note": CARRIED},)
STOCKS = "Số kỳ trước chuyển qua là số đầu kỳ, số chuyển kỳ sau là số cuối kỳ: theo tên cột và ghi chú của biểu."
FILES_STOCKS = "Hồ sơ từ kỳ trước là số đầu kỳ, hồ sơ đang giải quyết là số cuối kỳ: theo ghi chú của biểu."
OPENING = "Số kỳ trước chuyển qua là số đầu kỳ: theo tên cột của biểu."
SUMMED = "Suy từ biểu cùng nhóm: biểu này tổng hợp từ biểu của cấp dưới; chỉ so khi đã tiếp nhận đủ."
NO_DISTRICT = (
    "Cấp huyện kết thúc hoạt động từ 01/7/2025: từ ngày đó không còn nơi lập biểu, dù Thông tư còn hiệu lực hình thức"
    " đến hết 31/10/2025."
)
NOT_READ = "Dòng của biểu gốc chưa đọc được."
ONE_MONTH = "Ước 1 tháng trong báo cáo 6 tháng, 2 tháng trong báo cáo năm."
AVERAGE = "Tuổi trung bình không cộng lên cấp trên được; một chữ số thập phân là lựa chọn của Giao Ban."
TITLE_INFERRED = "Mã biểu suy từ các biểu cùng nhóm, chưa đọc được trên biểu."
NOTARY_TITLES = "Tên cột 8, 9 viết gọn trong nguồn; chưa thấy bản của Bộ."
THOUSANDS = "Cột 18 của biểu 10a tính bằng nghìn đồng, của biểu 10b bằng đồng, theo cùng một nguồn."
COLLECTED = "Chú thích của biểu: số liệu tổng hợp từ n trong N tổ chức hành nghề công chứng đăng ký hoạt động."
REGISTERED = "Chú thích của biểu: số công chứng viên đang đăng ký hành nghề theo quản lý của Sở Tư pháp."
ON_TIME = "Đúng hạn: khai sinh trong 60 ngày, khai tử trong 15 ngày. Kết hôn lần đầu: lần đầu của cả hai bên."
OVERLAP = "Cột 8 và cột 9 có thể trùng nhau, không phải là một phép chia."
NO_FIGURES_V = "Mục V trên biểu gốc chỉ có dòng tên; Nam, Nữ ở từng dòng 1, 2."
FOLDED = "Dòng tên “Chia theo tình trạng”, “Chia theo nơi sinh” của biểu gốc được ghép vào tên các dòng của chúng."
MARRIAGE = "Bảng kết hôn của biểu gốc có cột riêng."
TWO_MONTHS = "Thông tư này ước hai tháng trong báo cáo 6 tháng và báo cáo năm."
SUCCESS_RATE = (
    "Biểu không định nghĩa tỷ lệ hòa giải thành: mẫu số c1 hay c5 + c9 đều gặp trong báo cáo, nên phải nêu mẫu số."
)
OWN_TITLE = "Tên biểu và đơn vị tính của kinh phí viết gọn."
LOCAL_COPY = "Bản sao của một tỉnh (Hậu Giang, 2012), không phải bản của Bộ."
ROWS_GO_ON = "Nguồn dừng trong nhóm dòng I; các dòng sau chưa đọc. Cột 7 trùng với cột 5 và 6 theo tên gọi."
OUR_POSITIONS = "Số thứ tự cột chính thức chưa đọc; h1–h13 là vị trí do Giao Ban đặt."
ENDS_AT_II = "Nguồn dừng ở dòng II. Số chuyển kỳ sau (cột 11) phải bằng số kỳ trước chuyển qua (cột 2) của kỳ tiếp."
CARRY_OVER = "Hồ sơ từ kỳ trước (cột 6) bằng hồ sơ đang giải quyết (cột 11) của kỳ trước."
BY_LEVEL = "Biểu gốc xếp các lĩnh vực theo cấp: sở, ban, ngành; huyện; xã."
VPCP_DATE = "Nguồn ghi ngày của Thông tư là 21/10/2020. Kỳ quý theo thông lệ, chưa đọc trong Thông tư."
DESKS = "Cột b1 không nhất thiết bằng b2 + b3 + b4: một thủ tục có thể nhận ở nhiều nơi."
OUR_LETTERS = "Vị trí cột a, b, d do Giao Ban đặt."
SAME_COLUMNS = "Chỉ đọc được tên và ngày; cột lấy theo biểu cấp xã cùng nhóm."
CHIEF = "TM. ỦY BAN NHÂN DÂN CHỦ TỊCH"

ISSUED_2011, ISSUED_2013, REPLACED_2016 = "2011-04-05", "2013-12-03", "2016-07-01"
OF_2011 = (ISSUED_2011, ISSUED_2013)
OF_2013 = (ISSUED_2013, REPLACED_2016)
OF_VPCP = ("2020-10-21", "2026-01-01")
BOUNDS_2011 = "Mốc chặn, không phải ngày hiệu lực: ngày ký Thông tư 08/2011 và ngày ký Thông tư 20/2013 thay nó."
BOUNDS_2013 = "Mốc chặn, không phải ngày hiệu lực: ngày ký; ngày hiệu lực của Thông tư 20/2013/TT-BTP chưa đọc."
BOUNDS_VPCP = "Mốc chặn: ngày ký theo nguồn; hết hiệu lực trong năm 2025 theo Nghị định 118/2025, ngày chưa đọc."

FROM_2013 = {
    "tt-20-2013-tt-btp:13a-btp-hctp-ht-ksktkh": {
        "c1": "births.I.AB.1",
        "c4": "births.I.AB.2",
        "c5": "births.I.AB.3",
        "c6": "births.I.AB.4",
        "c7": "births.I.AB.5",
        "c10": "births.I.AB.6",
        "c11": "births.II.AB.1",
        "c12": "births.II.1.AB.1",
        "c13": "births.II.2.AB.1",
        "c14": "births.II.3.AB.1",
        "c15": "births.II.AB.4",
        "c16": "births.II.AB.5",
        "c17": "births.II.AB.6",
        "c18": "marriages.C.1",
        "c19": "marriages.C.2",
        "c20": "marriages.C.4",
        "c21": "marriages.C.5",
        "c22": "marriages.C.6",
    }
}
SAME_WORDS = "Nối theo tên cột giống nhau ở hai biểu (suy ra, không có văn bản nói); cột không nêu thì không nối."
NOTARIES_JOINED = (
    "Nối số công chứng viên, phí công chứng, bản sao và chữ ký; số việc công chứng không nối: biểu 12 gồm cả bản dịch,"
    " biểu 10 chỉ có giao dịch; tiền nộp ngân sách của 10a tính bằng nghìn đồng."
)
NOTARY_CELLS = {"c1": "c1", "c7": "c6", "c11": "c7", "c13": "c8", "c14": "c9", "c15": "c10"}

PLANS: Mapping[str, FormPlan] = {
    # Thông tư 17/2025/TT-BTP
    "21a/TP/HTPLDN": FormPlan(
        (TablePlan("main", label="Cơ quan chuyên môn"),), "21", reports="co-quan-chuyen-mon", rules=SETTLED
    ),
    "21b/TP/HTPLDN": FormPlan(
        (TablePlan("main", lines={"unit": "co-quan-chuyen-mon"}, below=(Below("21a-tp-htpldn", "main"),)),),
        "21",
        reports="so-tu-phap",
        rules=SETTLED,
        stub=("STT", "Sở/ban/ngành"),
    ),
    "10a/TP/CC": FormPlan(
        (TablePlan("main", label="Tổ chức hành nghề công chứng"),),
        "10-cc",
        notes=(NOTARY_TITLES, THOUSANDS),
        replaces=("tt-03-2019-tt-btp:12a-btp-bttp-cc",),
        continues={"tt-03-2019-tt-btp:12a-btp-bttp-cc": NOTARY_CELLS},
        continues_note=NOTARIES_JOINED,
    ),
    "10b/TP/CC": FormPlan(
        (
            TablePlan(
                "main",
                lines={"I.x": "phong-cong-chung", "II.x": "van-phong-cong-chung"},
                below=(
                    Below("10a-tp-cc", "main", into="I.unit", factors={"c18": 1000}),
                    Below("10a-tp-cc", "main", into="II.unit", factors={"c18": 1000}),
                ),
            ),
        ),
        "10-cc",
        reports="so-tu-phap",
        notes=(THOUSANDS, ONE_MONTH),
        replaces=("tt-03-2019-tt-btp:12b-btp-bttp-cc",),
        continues={
            "tt-03-2019-tt-btp:12b-btp-bttp-cc": {
                f"{row}.{here}": f"{row}.{there}"
                for row in ("total", "I", "II")
                for here, there in (*NOTARY_CELLS.items(), ("c18", "c11"))
            }
        },
        continues_note=NOTARIES_JOINED,
    ),
    # Thông tư 03/2019/TT-BTP
    "12a/BTP/BTTP/CC": FormPlan(
        (TablePlan("main", label="Tổ chức hành nghề công chứng"),),
        "12-cc",
        signatures=("Người lập biểu", "NGƯỜI ĐẠI DIỆN THEO PHÁP LUẬT"),
        under={"c3": "Chia ra", "c4": "Chia ra"},
    ),
    "12b/BTP/BTTP/CC": FormPlan(
        (
            TablePlan(
                "main",
                lines={"I.x": "phong-cong-chung", "II.x": "van-phong-cong-chung"},
                below=(
                    Below("12a-btp-bttp-cc", "main", into="I.unit"),
                    Below("12a-btp-bttp-cc", "main", into="II.unit"),
                ),
            ),
        ),
        "12-cc",
        reports="so-tu-phap",
        stub=("A",),
        notes=(COLLECTED, REGISTERED),
        not_summed=("c1",),
        rename={"I": "I. Phòng Công chứng", "II": "II. Văn phòng Công chứng"},
        under={"c3": "Chia ra", "c4": "Chia ra"},
    ),
    "17a/BTP/HTQTCT/CT": FormPlan((TablePlan("own", label="UBND cấp xã"),), "17", reports="ubnd-xa"),
    "17b/BTP/HTQTCT/CT": FormPlan(
        (
            TablePlan("own", ("I",), ("I",), label="Phòng Tư pháp"),
            TablePlan(
                "communes", ("II",), ("II",), lines={"II.x": "ubnd-xa"}, below=(Below("17a-btp-htqtct-ct", "own"),)
            ),
        ),
        "17",
        reports="phong-tu-phap",
        valid=("2019-05-15", "2025-11-01"),
        notes=(NO_DISTRICT,),
    ),
    "17c/BTP/HTQTCT/CT": FormPlan(
        (
            TablePlan(
                "divisions",
                ("I",),
                ("I",),
                lines={"I.x": "phong-tu-phap"},
                below=(Below("17b-btp-htqtct-ct", "own", "I."),),
            ),
            TablePlan(
                "districts",
                ("II",),
                ("II",),
                lines={"II.x": "phong-tu-phap"},
                below=(Below("17b-btp-htqtct-ct", "communes", "II."),),
            ),
        ),
        "17",
        reports="so-tu-phap",
    ),
    "17d/BTP/HTQTCT/CT": FormPlan((TablePlan("main", lines={"x": "co-quan-dai-dien"}),), "17", reports="bo-ngoai-giao"),
    "10c/BTP/PBGDPL/HGCS": FormPlan(
        (TablePlan("main", lines={"x": "phong-tu-phap"}),), "10-hgcs", reports="so-tu-phap"
    ),
    "09e/BTP/PBGDPL": FormPlan(
        (TablePlan("main", label="Bộ, ngành, cơ quan trung ương"),),
        "09-pbgdpl",
        reports="co-quan-trung-uong",
        notes=(OWN_TITLE,),
    ),
    "24/BTP/TGPL": FormPlan((TablePlan("main"),), "24-tgpl", notes=(ROWS_GO_ON,)),
    "25/BTP/TGPL": FormPlan(
        (TablePlan("main", label=ROWS_UNREAD),),
        "25-tgpl",
        notes=(NOT_READ, OUR_POSITIONS, OPENING),
        natures={"h2": "opening"},
    ),
    # Thông tư 04/2016/TT-BTP
    "13a/BTP/HTQTCT/HT": FormPlan(
        (TablePlan("main", label="UBND cấp xã"),),
        "13-ht",
        reports="ubnd-xa",
        signatures=("Người lập biểu", CHIEF),
        notes=(ON_TIME, OVERLAP, AVERAGE),
        replaces=("tt-20-2013-tt-btp:13a-btp-hctp-ht-ksktkh",),
        continues=FROM_2013,
        continues_note=SAME_WORDS,
    ),
    "14a/BTP/HTQTCT/HT/HTK": FormPlan(
        (
            TablePlan("events", ("A", "c1"), ("I", "II", "III", "IV")),
            TablePlan("single", ("V",), ("V.1", "V.2"), title="V. Cấp Giấy xác nhận tình trạng hôn nhân"),
        ),
        "14-htk",
        reports="ubnd-xa",
        signatures=("Người lập biểu", CHIEF),
        stub=("SỰ KIỆN HỘ TỊCH",),
        notes=(NO_FIGURES_V,),
        rename={
            "I": "I. Thay đổi, cải chính, bổ sung hộ tịch",
            "I.1": "1. Thay đổi hộ tịch",
            "I.2": "2. Cải chính hộ tịch",
            "I.3": "3. Bổ sung thông tin hộ tịch",
            "II": "II. Nhận cha, mẹ, con",
            "III": "III. Đăng ký giám hộ",
            "IV": "IV. Ghi vào sổ các thay đổi hộ tịch khác",
            "IV.1": "1. Thay đổi quốc tịch",
            "IV.2": "2. Nuôi con nuôi",
            "IV.3": "3. Ly hôn/Hủy việc kết hôn",
            "IV.4": "4. Các thay đổi hộ tịch khác",
            "V.1": "1. Để kết hôn",
            "V.2": "2. Để sử dụng vào mục đích khác",
        },
        folded=("V",),
        unused=("row V = row V.1 + row V.2",),
    ),
    "22a/BTP/CN/TN": FormPlan(
        (TablePlan("main", label="UBND cấp xã"),), "22-cn", reports="ubnd-xa", signatures=("Người lập biểu", CHIEF)
    ),
    "30/BTP/BTTP/LSTN": FormPlan(
        (TablePlan("main", label="Tổ chức hành nghề luật sư"),),
        "30-ls",
        reports="to-chuc-hanh-nghe-luat-su",
        notes=(ONE_MONTH,),
    ),
    # Thông tư 20/2013/TT-BTP
    "13a/BTP/HCTP/HT/KSKTKH": FormPlan(
        (
            TablePlan("births", ("AB",), ("I", "II")),
            TablePlan("marriages", ("C",), ("III",)),
        ),
        "13-ht",
        reports="ubnd-xa",
        valid=OF_2013,
        notes=(BOUNDS_2013, TWO_MONTHS, MARRIAGE, AVERAGE),
        replaces=("tt-08-2011-tt-btp:11a-btp-hctp-ht-kskt",),
        rename={"III": "KẾT HÔN"},
    ),
    "12b/BTP/PBGDPL/HGCS": FormPlan(
        (TablePlan("main", lines={"x": "to-hoa-giai"}),),
        "12-hgcs",
        reports="ubnd-xa",
        valid=OF_2013,
        notes=(BOUNDS_2013, TWO_MONTHS, TITLE_INFERRED, SUCCESS_RATE),
    ),
    "12c/BTP/PBGDPL/HGCS": FormPlan(
        (TablePlan("main", lines={"x": "ubnd-xa"}, below=(Below("12b-btp-pbgdpl-hgcs", "main"),)),),
        "12-hgcs",
        reports="phong-tu-phap",
        valid=OF_2013,
        notes=(BOUNDS_2013, TWO_MONTHS, SAME_COLUMNS),
    ),
    "11c/BTP/PBGDPL/HGCS": FormPlan(
        (TablePlan("main", lines={"x": "ubnd-xa"}),),
        "11-hgcs",
        reports="phong-tu-phap",
        valid=OF_2013,
        notes=(BOUNDS_2013, TWO_MONTHS),
    ),
    "10d/BTP/PBGDPL": FormPlan(
        (TablePlan("main", lines={"2.x": "phong-tu-phap"}),),
        "10-pbgdpl",
        reports="so-tu-phap",
        valid=OF_2013,
        notes=(BOUNDS_2013, TWO_MONTHS, TITLE_INFERRED),
    ),
    "(TGPL vụ việc; mã chưa đọc được)": FormPlan(
        (TablePlan("main"),),
        "tgpl-vu-viec",
        valid=OF_2013,
        notes=(BOUNDS_2013, TWO_MONTHS, ENDS_AT_II, STOCKS),
        rules=CASES_CARRIED,
        natures={"c2": "opening", "c11": "closing"},
    ),
    # Thông tư 08/2011/TT-BTP
    "11a/BTP/HCTP/HT/KSKT": FormPlan(
        (TablePlan("main"),),
        "11-ht",
        reports="ubnd-xa",
        valid=OF_2011,
        notes=(BOUNDS_2011, "Tên biểu dựng lại theo mã của nhóm; tên dòng viết gọn.", FOLDED),
        folded=("I.1", "I.2"),
    ),
    "09a (PBGDPL, xã; Hậu Giang 2012)": FormPlan(
        (TablePlan("main", label="UBND cấp xã"),),
        "09-pbgdpl-2011",
        reports="ubnd-xa",
        valid=OF_2011,
        notes=(BOUNDS_2011, LOCAL_COPY),
    ),
    "08c (PBGDPL, cán bộ tại sở; Hậu Giang 2012)": FormPlan(
        (TablePlan("main", label="Sở Tư pháp"),),
        "08-pbgdpl-2011",
        reports="so-tu-phap",
        valid=OF_2011,
        notes=(BOUNDS_2011, LOCAL_COPY),
    ),
    # Thông tư 01/2020/TT-VPCP
    "II.06a/VPCP/KSTT": FormPlan(
        (TablePlan("main", lines={"x": Named("lĩnh vực")}),),
        "ii-06",
        stub=("STT", "Lĩnh vực, công việc giải quyết theo cấp"),
        valid=OF_VPCP,
        notes=(BOUNDS_VPCP, VPCP_DATE, CARRY_OVER, FILES_STOCKS, BY_LEVEL),
        rules=FILES_CARRIED,
        natures={"c6": "opening", "c11": "closing", "c12": "closing", "c13": "closing"},
    ),
    "II.07b/VPCP/KSTT": FormPlan(
        (TablePlan("main", label=ROWS_UNREAD),),
        "ii-07",
        reports="ubnd-tinh",
        valid=OF_VPCP,
        notes=(BOUNDS_VPCP, NOT_READ, OUR_LETTERS, DESKS),
    ),
}

INTERIM: Mapping[str, tuple[str, ...]] = {
    "24M/BTP/TGPL": ("24",),
    "25M/BTP/TGPL": ("25",),
    "26M/BTP/TGPL": ("26",),
    "28aM/BTP/BTTP/ĐGTS": ("28a", "28b", "28c"),
    "28bM/BTP/BTTP/ĐGTS": ("28a", "28b", "28c"),
    "13aM": ("13a/BTP/HTQTCT/HT",),
}
"""Forms that stood in for others of their act in one report, by the numbers that the letter gives."""
INTERIM_NOTE = "Biểu tạm thời, dùng thay biểu {codes}."
INTERIM_2018 = "Biểu tạm thời cho báo cáo năm chính thức 2018, dùng thay biểu {codes}; hạn nhận: trước ngày 15/3/2019."

TITLE_ONLY_VALID: Mapping[str, tuple[str | None, str | None]] = {
    "03c/03d/BTP/KTrVB/TKT": OF_2013,
    "II.05/VPCP/KSTT": OF_VPCP,
}
