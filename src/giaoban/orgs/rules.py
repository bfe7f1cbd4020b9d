"""Names of areas and units, without a database."""


def bare_name(name: str, kind_name: str) -> str:
    """An area's name without the leading words that it shares with its kind: "Thành phố Hà Nội" of the kind
    "thành phố trực thuộc trung ương" is "Hà Nội". A name that would become empty stays whole."""
    words, kind = name.split(), kind_name.casefold().split()
    shared = 0
    while shared < min(len(words), len(kind)) and words[shared].casefold() == kind[shared]:
        shared += 1
    return " ".join(words[shared:]) or name
