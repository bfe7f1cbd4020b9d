"""Reports of a form with 510 cells as one wide CSV: time, size and peak memory of the process that streams it.

Figures are SIMULATED: made by the database from the numbers of their lines. `python -m bench.export` makes the form and
its reports when they are not there; `--forget` takes them away again.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

FORM: Final = "request:bench-510"
ROWS, COLUMNS = 6, 85
REPORTS: Final = 132_229
"""As many rows, and 510 cells, as users of another tool say that its exports fail at."""
FIRST: Final = date(2025, 7, 7)
RULE: Final = "tt17-6t"
BUDGET: Final = "300 s"

FILL: Final = (
    """
    INSERT INTO reporting_obligation (unit_id, form_id, period_id, due_source, simulated)
    SELECT unit.id, %(form)s, period.id, '', true
    FROM (SELECT id FROM orgs_unit WHERE id = ANY (%(units)s) ORDER BY id) unit
    CROSS JOIN reporting_period period
    WHERE period.code LIKE 'BENCH-%%' ORDER BY period.id, unit.id LIMIT %(reports)s
    """,
    """
    INSERT INTO reporting_submission (obligation_id, version, state, is_current, channel, entered_by_name, on_behalf_of,
        signatures, document_number, sent_at, receipt, decided_at, decided_by_name, decision_reason, notes,
        explanations, verdicts, marked_cells, amendment, amendment_reason, simulated, source, filled, required,
        warnings, act_id)
    SELECT id, 1, 'accepted', true, 'csv', 'bench', '', '[]', '', now(), 'BENCH510-' || id, now(), 'bench', '', '',
           '{}', '{}', '[]', 0, '', true, '', 510, 510, 0, %(act)s
    FROM reporting_obligation WHERE form_id = %(form)s
    """,
    """
    INSERT INTO reporting_submissionline (submission_id, "table", "row", subunit, values, estimates, marks, texts)
    SELECT sent.id, 'main', 'r' || line.n, '', made.numbers, none.nulls, none.marks, '{}'
    FROM reporting_submission sent
    JOIN reporting_obligation owed ON owed.id = sent.obligation_id AND owed.form_id = %(form)s
    CROSS JOIN generate_series(1, %(rows)s) AS line(n)
    CROSS JOIN LATERAL (
        SELECT array_agg((sent.id * 7919 + line.n * 104729 + cell.n * 31) %% 50000) AS numbers
        FROM generate_series(1, %(columns)s) AS cell(n)
    ) made
    CROSS JOIN (
        SELECT array_fill(NULL::bigint, ARRAY[%(columns)s]) AS nulls,
               array_fill(0::smallint, ARRAY[%(columns)s]) AS marks
    ) none
    """,
)


def form_data() -> dict[str, Any]:
    columns = [{"id": f"c{n}", "label": f"Cột {n}", "unit": "việc", "required": False} for n in range(1, COLUMNS + 1)]
    rows = [{"id": f"r{n}", "label": f"Dòng {n}"} for n in range(1, ROWS + 1)]
    return {
        "code": "bench-510",
        "title": "Biểu 510 ô để đo (MÔ PHỎNG)",
        "kind": "request",
        "valid": ["2025-07-01", None],
        "verified": "full",
        "labels": "own",
        "source": "bench",
        "tables": [{"id": "main", "rows": rows, "columns": columns}],
    }


def build() -> float:
    """Form, periods, reports; seconds taken. History and foreign keys are not looked at while millions go in."""
    from django.db import connection, transaction
    from django.utils import timezone

    from bench import making
    from bench.world import build as build_world
    from giaoban.kit.actors import system_actor
    from giaoban.kit.acts import act
    from giaoban.reporting.models import FormVersion, Obligation, Period, PeriodRule

    world = build_world(fresh=False)
    if FormVersion.objects.filter(key=FORM).exists():
        return 0.0
    units = list(Obligation.objects.filter(form=world.form).values_list("unit_id", flat=True))
    start = perf_counter()
    data, now = form_data(), timezone.now()
    with act("bench.fill-export", by=system_actor("bench"), at=now) as entry, connection.cursor() as cursor:
        form = making.form_version(data, FORM, date(2025, 7, 1))
        rule = PeriodRule.objects.get(key=RULE)
        for n in range(-(-REPORTS // len(units))):
            begin = FIRST + timedelta(weeks=n)
            end = begin + timedelta(weeks=1)
            Period.objects.create(rule=rule, code=f"BENCH-{n:02}", label=f"Tuần đo {n}", start=begin, end=end)
        cursor.execute("SET LOCAL session_replication_role = replica")
        given: dict[str, Any] = {"form": form.pk, "act": entry.pk, "units": units, "reports": REPORTS}
        given |= {"rows": ROWS, "columns": COLUMNS}
        for statement in FILL:
            cursor.execute(statement, given)
        cursor.execute("SET LOCAL session_replication_role = origin")
    if not transaction.get_connection().in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE reporting_obligation, reporting_submission, reporting_submissionline")
    return perf_counter() - start


def forget() -> None:
    """Take the form and its reports away; the space is given back to the system."""
    from django.db import connection, transaction

    of_form = "(SELECT id FROM reporting_formversion WHERE key = %(form)s)"
    owed = f"(SELECT id FROM reporting_obligation WHERE form_id IN {of_form})"  # noqa: S608
    sent = f"(SELECT id FROM reporting_submission WHERE obligation_id IN {owed})"  # noqa: S608
    statements = (
        f"DELETE FROM reporting_submissionline WHERE submission_id IN {sent}",  # noqa: S608
        f"DELETE FROM reporting_submission WHERE obligation_id IN {owed}",  # noqa: S608
        f"DELETE FROM reporting_obligation WHERE form_id IN {of_form}",  # noqa: S608
        "DELETE FROM reporting_period WHERE code LIKE 'BENCH-%%' AND %(form)s <> ''",
        "DELETE FROM reporting_formversion WHERE key = %(form)s",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement, {"form": FORM})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL reporting_submissionline")


def stream(share: float, out: Path) -> dict[str, float]:
    """Write a share of the periods in this process and tell what it took; the file is taken away again."""
    from django.utils import timezone

    from giaoban.reporting import selectors
    from giaoban.reporting.selectors.wide import wide_table

    form = selectors.form_by_key(FORM)
    periods = sorted(selectors.periods_with_obligations(form), key=lambda one: one.start)
    chosen = periods[: max(1, round(len(periods) * share))]
    before = _peak()
    start = perf_counter()
    wide = wide_table(form, chosen, unit_id=None, on=timezone.localdate())
    first = 0.0
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            for piece in wide.text:
                first = first or perf_counter() - start
                file.write(piece)
        seconds = perf_counter() - start
        with out.open("rb") as read:
            rows = sum(block.count(b"\r\n") for block in iter(lambda: read.read(1 << 20), b"")) - 1
        return {
            "seconds": seconds,
            "first": first,
            "rows": rows,
            "announced": wide.total,
            "columns": len(wide.header),
            "bytes": out.stat().st_size,
            "before": before,
            "peak": _peak(),
        }
    finally:
        out.unlink(missing_ok=True)


def _peak() -> float:
    """MiB that this process held at most so far, of its own: what getrusage tells begins with what its parent held."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure(shares: tuple[float, ...] = (0.1, 1.0)) -> Iterator[str]:
    """Each share in a process of its own, so that one peak does not hide the other."""
    seconds = build()
    if seconds:
        yield f"form of {ROWS * COLUMNS} cells, {REPORTS} reports, SIMULATED, made in {seconds:.0f} s"
    peaks = []
    for share in shares:
        done = subprocess.run(
            [sys.executable, "-m", "bench.export", "--child", str(share)], capture_output=True, text=True, check=True
        )
        told = json.loads(done.stdout.splitlines()[-1])
        peaks.append(told["peak"])
        counted = "row count right" if told["rows"] == told["announced"] else f"ROWS LACKING of {told['announced']}"
        yield (
            f"wide CSV, {told['rows']:>7} rows × {told['columns']} columns, {told['bytes'] / 2**20:6.0f} MiB: "
            f"{told['seconds']:6.1f} s, first bytes after {told['first']:.1f} s, peak {told['peak']:.0f} MiB "
            f"(before it {told['before']:.0f}), {counted}   budget {BUDGET}"
        )
    if len(peaks) > 1:
        yield f"peak memory at 100 % : at {shares[0]:.0%} = {peaks[-1] / peaks[0]:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.export")
    parser.add_argument("--child", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--forget", action="store_true", help="take the form and its reports away")
    chosen = parser.parse_args()
    from bench.__main__ import ROOT, machine, server

    os.environ.setdefault("GIAOBAN_VAR", str(ROOT / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "giaoban.config.settings")
    with server():
        import django

        django.setup()
        if chosen.child is not None:
            print(json.dumps(stream(chosen.child, Path(os.environ["GIAOBAN_VAR"]) / "bench-export.csv")))
            return
        if chosen.forget:
            forget()
            return
        print(f"machine: {machine()}")
        for line in measure():
            print(line)


if __name__ == "__main__":
    main()
