"""What pages of lists share: the counts on top, which filter them, and addresses that keep the rest of the query."""

from dataclasses import dataclass

from giaoban.kit.http import ActorRequest


@dataclass(frozen=True, slots=True)
class Count:
    """A count over the list; its address filters the list by it. within: it is part of the count before it."""

    count: int
    label: str
    url: str
    current: bool = False
    sign: str = ""
    within: bool = False


def changed(request: ActorRequest, **changes: str | None) -> str:
    """This page's query with some parameters changed or (None, "") dropped, from the first page on; "?" when empty.

    An underscore in a name stands for the hyphen of the parameter.
    """
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        parameter = name.replace("_", "-")
        if value:
            query[parameter] = value
        else:
            query.pop(parameter, None)
    return f"?{query.urlencode()}"
