"""Who stands under whom, when: every ancestor of every unit on every line, with the days on which it was so."""

from giaoban.core.spans import Span
from giaoban.orgs.models import UnitClosure, UnitParent, UnitVersion

Edge = tuple[int, Span]  # parent, span


def rebuild_closure() -> int:
    """Write the closure anew from versions and parents; gives its number of rows.

    A unit is its own ancestor (depth 0) on every line on which it has a parent or a child, for the whole time it
    exists. Raises ValueError when a unit stands above itself.
    """
    lives: dict[int, list[Span]] = {}
    for unit_id, start, end in UnitVersion.objects.values_list("unit_id", "valid_from", "valid_to"):
        lives.setdefault(unit_id, []).append(Span(start, end))
    parents: dict[int, dict[int, list[Edge]]] = {}
    rows = UnitParent.objects.values_list("line_id", "unit_id", "parent_id", "valid_from", "valid_to")
    for line_id, unit_id, parent_id, start, end in rows:
        parents.setdefault(line_id, {}).setdefault(unit_id, []).append((parent_id, Span(start, end)))
    UnitClosure.objects.all().delete()
    wanted = []
    for line_id, edges in parents.items():
        touched = edges.keys() | {parent for held in edges.values() for parent, _ in held}
        for unit_id in touched:
            for ancestor_id, depth, span in _upwards(unit_id, lives.get(unit_id, []), edges):
                wanted.append(
                    UnitClosure(
                        ancestor_id=ancestor_id,
                        descendant_id=unit_id,
                        line_id=line_id,
                        depth=depth,
                        valid_from=span.start,
                        valid_to=span.end,
                    )
                )
    UnitClosure.objects.bulk_create(wanted, batch_size=5000)
    return len(wanted)


def _upwards(unit_id: int, life: list[Span], edges: dict[int, list[Edge]]) -> list[tuple[int, int, Span]]:
    """(ancestor, depth, span) of one unit, itself first. Raises ValueError on a cycle."""
    found = [(unit_id, 0, span) for span in life]
    front = [(unit_id, span, frozenset({unit_id})) for span in life]
    depth = 0
    while front:
        depth += 1
        above = []
        for current, span, seen in front:
            for parent_id, edge in edges.get(current, []):
                shared = span.intersect(edge)
                if shared is None:
                    continue
                if parent_id in seen:
                    raise ValueError(f"unit {parent_id} stands above itself")
                found.append((parent_id, depth, shared))
                above.append((parent_id, shared, seen | {parent_id}))
        front = above
    return found
