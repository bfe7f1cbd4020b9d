"""Runs the three parts, the accounts and the documents, and says how many checks held."""

from collections.abc import Callable
from pathlib import Path

from django.utils import timezone

from giaoban.config.demo import enforcement, half_year, legal_aid, long_an, obligations, onestop, scores
from giaoban.config.demo.checks import Report
from giaoban.config.demo.people import open_accounts
from giaoban.config.paths import OUT, ROOT, VAR
from giaoban.documents.selectors import stored_file
from giaoban.kit.actors import system_actor
from giaoban.kit.jobs import run_pending
from giaoban.kit.packs import load_pack

PACK = ROOT / "packs" / "justice-vn"


def run(say: Callable[[str], None]) -> int:
    """Give the number of checks that did not hold. Safe to run again: what stands is kept and checked again."""
    by, now = system_actor("Ví dụ của Giao Ban"), timezone.now()
    report = Report(say)
    report.title("Gói lĩnh vực justice-vn")
    load_pack(PACK, by=by, at=now, say=report.note)
    published = onestop.Published(PACK / "published", by, now)
    onestop.run(published, report)
    scores.run(published, report)
    legal_aid.run(published, report)
    enforcement.run(published, report)
    half_year.run(published, report)
    long_an.run(published, report)
    obligations.run(published, report)
    run_pending()
    report.title("4. Văn bản")
    for name, blob_id in long_an.documents():
        report.check(f"văn bản {name}", True, _write(OUT / name, blob_id))
    report.title("Tài khoản để thử (mật khẩu nằm trong var/accounts.tsv, không ở kho mã)")
    for login, password, name in open_accounts(VAR / "accounts.tsv", by=by, at=now, on=timezone.localdate(now)):
        say(f"  {login:<14} {password}  {name}")
    say("")
    held = len(report.checks) - report.failed
    where = OUT.relative_to(ROOT) if OUT.is_relative_to(ROOT) else OUT
    say(f"{held}/{len(report.checks)} kiểm tra đạt; văn bản ở {where}")
    return report.failed


def _write(path: Path, blob_id: int | None) -> bool:
    """Put a stored document beside the others; False when it was not made."""
    file = stored_file(blob_id) if blob_id is not None else None
    if file is None or not file.content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
    return True
