import pytest

from giaoban.orgs.rules import bare_name


@pytest.mark.parametrize(
    ("name", "kind", "bare"),
    [
        ("Thành phố Hà Nội", "thành phố trực thuộc trung ương", "Hà Nội"),
        ("Tỉnh Tây Ninh", "tỉnh", "Tây Ninh"),
        ("Thị xã Kiến Tường", "thị xã", "Kiến Tường"),
        ("East Shore", "shore", "East Shore"),
        ("Phường", "phường", "Phường"),
        ("Xã Xã Phiên", "xã", "Xã Phiên"),
        ("", "xã", ""),
    ],
)
def test_bare_name_drops_only_the_leading_words_of_the_kind(name: str, kind: str, bare: str) -> None:
    assert bare_name(name, kind) == bare
