"""Markings of state secrets are found; words that only contain "mật" are not."""

import unicodedata

import pytest

from giaoban.core.secrecy import marked_secret, marked_secret_name, refusal_of_secret

MARKED = {
    "MẬT": "MẬT",
    "Mật": "MẬT",
    "  TỐI MẬT  ": "TỐI MẬT",
    "Tuyệt mật": "TUYỆT MẬT",
    "M Ậ T": "MẬT",
    "T Ố I  M Ậ T": "TỐI MẬT",
    "(MẬT)": "MẬT",
    "* MẬT *": "MẬT",
    "Báo cáo quý I\nMẬT\nSố: 12/BC": "MẬT",
    "Độ mật: Mật": "MẬT",
    "ĐỘ MẬT : TỐI MẬT": "TỐI MẬT",
    "Mức độ mật: tuyệt mật. Số bản: 02": "TUYỆT MẬT",
    "Văn bản này có độ mật: mật": "MẬT",
    "SỞ TƯ PHÁP\tMẬT\tCỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM": "MẬT",
    "MẬT      Số: 12/BC-STP": "MẬT",
    "Báo cáo công tác (MẬT) quý I": "MẬT",
    unicodedata.normalize("NFD", "TỐI MẬT"): "TỐI MẬT",
}
PLAIN = (
    "",
    "bí mật kinh doanh",
    "Bí mật nhà nước",
    "BẢO VỆ BÍ MẬT NHÀ NƯỚC",
    "mật độ dân số 300 người/km²",
    "Mật độ",
    "MẬT ONG",
    "Mật ong rừng",
    "mật",
    "phối hợp mật thiết",
    "mật khẩu",
    "Mật khẩu: 123",
    "Tập huấn Luật Bảo vệ bí mật nhà nước, trong đó có tài liệu độ Tối mật",
    "Danh mục bí mật nhà nước độ Mật",
    "Độ mật: không",
    "Độ mật: Mật độ cao",
    "Số vụ làm lộ bí mật: 0",
    "1.204",
)


@pytest.mark.parametrize("text", MARKED)
def test_a_marking_is_found(text: str) -> None:
    assert marked_secret(text) == MARKED[text]


@pytest.mark.parametrize("text", PLAIN)
def test_words_that_mark_nothing_pass(text: str) -> None:
    assert marked_secret(text) == ""


@pytest.mark.parametrize(
    ("name", "marking"),
    [
        ("MẬT.pdf", "MẬT"),
        ("bao-cao_MẬT_quy1.xlsx", "MẬT"),
        ("Báo cáo quý I (Tối mật).docx", "TỐI MẬT"),
        ("Báo cáo quý I MẬT.docx", "MẬT"),
        ("Báo cáo quý I TỐI MẬT.docx", "TỐI MẬT"),
        ("Giá mật ong.xlsx", ""),
        ("BÍ MẬT.pdf", ""),
        ("LUẬT BẢO VỆ BÍ MẬT.pdf", ""),
        ("Tập huấn BÍ MẬT.pdf", ""),
        ("mat-do-dan-so.xlsx", ""),
        ("mật.txt", ""),
    ],
)
def test_names_of_files(name: str, marking: str) -> None:
    assert marked_secret_name(name) == marking


def test_the_refusal_names_the_marking_and_what_to_do() -> None:
    sentence = refusal_of_secret("TỐI MẬT")
    assert "“TỐI MẬT”" in sentence
    assert "văn bản mật" in sentence
