from giaoban.briefs.rules import checksum_of


def test_the_order_of_keys_does_not_matter_and_the_content_does() -> None:
    assert checksum_of({"a": 1, "b": ["đ"]}) == checksum_of({"b": ["đ"], "a": 1})
    assert checksum_of({"a": 1}) != checksum_of({"a": 2})
