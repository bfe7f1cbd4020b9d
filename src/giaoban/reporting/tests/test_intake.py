"""Many files at once: kept as they came, taken one by one, a bad one never in the way of the next."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError

from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Role
from giaoban.kit.workbooks.opening import Reader
from giaoban.reporting import jobs, selectors, services
from giaoban.reporting.models import Draft, Intake, IntakeFile, Submission
from giaoban.reporting.rules import archives
from giaoban.reporting.selectors import intake as held
from giaoban.reporting.services import intake as intakes
from giaoban.reporting.services.importing import import_workbook
from giaoban.reporting.tests.factories import AT, World, tiny_world

pytestmark = pytest.mark.django_db

GOOD = {"own/total//all": "4", "own/total//good": "3"}
WRONG = {"own/total//all": "4", "own/total//good": "9"}


@pytest.fixture
def world() -> World:
    return tiny_world()


def workbook(world: World, light: str, cells: dict[str, str] | None = None) -> bytes:
    """The filled workbook of a light: what stood in a draft."""
    owed = world.owed(light)
    services.save_draft(owed, figures=GOOD if cells is None else cells, by=world.actor(world.lights[light]), at=AT)
    content = services.workbook_for(owed)
    Draft.objects.filter(obligation=owed).delete()
    return content


def csv(light: str, good: int = 3) -> bytes:
    header = "unit,form,period,instalment,table,line,subunit,column,value,estimate,mark"
    cells = (("all", 4), ("good", good))
    rows = [f"{light},act-1:lamps,2024-Q1,,own,total,,{column},{value},," for column, value in cells]
    return "\n".join([header, *rows, ""]).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def receiver(world: World) -> Actor:
    return world.actor(world.harbours[0], Role.RECEIVER)


def begin(world: World, *files: tuple[str, bytes], by: Actor | None = None, **more: Any) -> Intake:
    return intakes.begin_intake(files, by=by or receiver(world), at=AT, **more)


def take(intake: Intake, by: Actor) -> list[tuple[str, str]]:
    assert intakes.take_intake(intake.pk, by=by)
    return outcome(intake)


def outcome(intake: Intake) -> list[tuple[str, str]]:
    return [(row.filename, row.state) for row in held.files_of(intake)]


def sentences(intake: Intake) -> list[str]:
    return [row.sentence for row in held.files_of(intake)]


def test_a_bad_file_does_not_hold_up_the_next(world: World) -> None:
    files = [
        ("n1.xlsx", workbook(world, "n1")),
        ("bad.xlsx", workbook(world, "n2", WRONG)),
        ("photo.jpg", b"\xff\xd8\xff\xe0 picture"),
        ("cut.xlsx", workbook(world, "n3")[:900]),
        ("n3.csv", csv("n3")),
        ("empty.xlsx", b""),
    ]
    intake = begin(world, *files)
    assert (held.progress_of(intake).waiting, held.progress_of(intake).work) == (5, "waiting")
    assert take(intake, receiver(world)) == [
        ("n1.xlsx", "taken"),
        ("bad.xlsx", "refused"),
        ("photo.jpg", "refused"),
        ("cut.xlsx", "refused"),
        ("n3.csv", "taken"),
        ("empty.xlsx", "refused"),
    ]
    intake.refresh_from_db()
    progress = held.progress_of(intake)
    assert (progress.taken, progress.refused, progress.done, progress.work) == (2, 4, 6, "finished")
    sent = selectors.versions(world.owed("n1"))[0]
    assert (sent.on_behalf_of, sent.sent_at, sent.channel, sent.state) == ("Light N1", AT, "workbook", "sent")
    bad = held.files_of(intake)[1]
    assert "“trong đó” là 9" in bad.sentence
    assert [(one["sheet"] != "", one["cell"][-1].isdigit()) for one in bad.issues] == [(True, True)]
    assert bad.sentence.startswith(f"Ô {bad.issues[0]['cell']}, trang tính {bad.issues[0]['sheet']}: phần")
    assert [row.answer is not None for row in held.files_of(intake)] == [False, True, False, True, False, False]
    assert sentences(intake)[2] == archives.NOT_OURS
    assert all(sentences(intake)[one] for one in (1, 2, 3, 5))


def test_the_same_bytes_again_change_nothing(world: World) -> None:
    content = workbook(world, "n1")
    first = begin(world, ("n1.xlsx", content), ("n2.csv", csv("n2")))
    take(first, receiver(world))
    again = begin(world, ("other name.xlsx", content), ("n2.csv", csv("n2") + b"\n"))
    assert [state for _, state in take(again, receiver(world))] == ["unchanged", "unchanged"]
    assert held.files_of(again)[0].submission == held.files_of(first)[0].submission
    assert sentences(again)[1] == intakes.SAME_FIGURES
    assert Submission.objects.count() == 2


def test_received_at_once_by_who_receives(world: World) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("s1.xlsx", workbook(world, "s1")), accept=True)
    assert [state for _, state in take(intake, receiver(world))] == ["taken", "refused"]
    assert Submission.objects.get().is_current
    assert "quyền" in sentences(intake)[1]


def test_a_unit_sends_its_own_with_the_names_of_its_signers(world: World) -> None:
    head, content = world.actor(world.lights["n1"]), workbook(world, "n1")
    nameless = begin(world, ("n1.xlsx", content), ("n1.csv", csv("n1")), by=head)
    assert [state for _, state in take(nameless, head)] == ["refused", "refused"]
    assert "Nêu họ tên người ký ở mục: Keeper." in sentences(nameless)[0]
    assert sentences(nameless)[1] == intakes.CSV_OF_OWN
    assert not Submission.objects.exists()
    names = (("Keeper", "An"), ("Head", "Bình"), ("Somebody else", "Chi"))
    signed = begin(world, ("n1.xlsx", content), by=head, signatures=names)
    assert [state for _, state in take(signed, head)] == ["taken"]
    sent = Submission.objects.get()
    assert [(one["role"], one["name"]) for one in sent.signatures] == [("Keeper", "An"), ("Head", "Bình")]
    assert sent.on_behalf_of == ""
    assert held.signing_roles(head, AT.date()) == ("Keeper", "Head")


def test_who_neither_sends_nor_receives_brings_no_files(world: World) -> None:
    officer = world.actor(world.lights["n1"], Role.OFFICER)
    with pytest.raises(PermissionDenied):
        begin(world, ("n1.xlsx", b"x"), by=officer)
    with pytest.raises(services.ReportingError, match="Chưa chọn tệp"):
        begin(world)
    assert not Intake.objects.exists()


def test_rights_are_those_of_the_moment_of_taking(world: World) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")))
    stranger = world.actor(world.harbours[1], Role.RECEIVER)
    assert [state for _, state in take(intake, stranger)] == ["refused"]
    assert not Submission.objects.exists()


def test_a_zip_is_taken_file_by_file(world: World) -> None:
    inner = zipped({"a.csv": b"a"})
    files = {
        "Xã/n1.xlsx": workbook(world, "n1"),
        "../../etc/n2.csv": csv("n2"),
        "again.zip": inner,
        "__MACOSX/._n1.xlsx": b"litter",
        "nothing.xlsx": b"",
    }
    intake = begin(world, ("reports.zip", zipped(files)))
    assert take(intake, receiver(world)) == [
        ("reports.zip/Xã/n1.xlsx", "taken"),
        ("reports.zip/../../etc/n2.csv", "taken"),
        ("reports.zip/again.zip", "refused"),
        ("reports.zip/nothing.xlsx", "refused"),
    ]
    assert sentences(intake)[2:] == [archives.NESTED, archives.EMPTY]


def test_too_many_files_keep_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intakes, "MAX_FILES", 2)
    with pytest.raises(services.ReportingError, match="Chia thành nhiều lần"):
        begin(world, *((f"{one}.csv", csv("n1", one)) for one in range(3)))
    assert not IntakeFile.objects.exists()


def test_a_text_marked_secret_is_not_even_kept(world: World) -> None:
    from giaoban.documents.models import Blob

    intake = begin(world, ("n1.csv", csv("n1") + "n1,TỐI MẬT\n".encode()), ("bao-cao-TỐI MẬT.csv", csv("n2")))
    assert [row.state for row in held.files_of(intake)] == ["waiting", "refused"]
    marked = begin(world, ("n1.csv", "Độ mật: Tối mật\n".encode() + csv("n1")))
    assert "TỐI MẬT" in sentences(marked)[0]
    assert not Blob.objects.filter(filename="bao-cao-TỐI MẬT.csv").exists()


def test_stopped_then_gone_on(world: World) -> None:
    by = receiver(world)
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("n2.xlsx", workbook(world, "n2")))
    first = held.files_of(intake)[0]
    with Reader() as reader:
        intakes.take_file(first.pk, intake, by=by, reader=reader)
    intakes.stop_intake(intake, by=by, at=AT)
    with pytest.raises(services.AlreadyDone):
        intakes.stop_intake(intake, by=by, at=AT)
    assert [state for _, state in take(intake, by)] == ["taken", "waiting"]
    intake.refresh_from_db()
    assert held.progress_of(intake).work == "stopped"
    assert intakes.retry_intake(intake, by=by, at=AT) == 1
    assert [state for _, state in take(intake, by)] == ["taken", "taken"]


def test_refused_files_are_tried_again(world: World) -> None:
    by = receiver(world)
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("empty.csv", b""))
    take(intake, world.actor(world.harbours[1], Role.RECEIVER))
    assert intakes.retry_intake(intake, by=by, at=AT) == 1
    assert [state for _, state in take(intake, by)] == ["taken", "refused"]
    with pytest.raises(services.ReportingError, match="Không còn tệp nào"):
        intakes.retry_intake(intake, by=by, at=AT)


def test_one_fault_of_ours_refuses_one_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = import_workbook

    def failing(content: bytes, filename: str, **more: Any) -> Any:
        if filename == "n1.xlsx":
            raise KeyError("a fault of ours")
        return real(content, filename, **more)

    monkeypatch.setattr(intakes, "import_workbook", failing)
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("n2.xlsx", workbook(world, "n2")))
    assert [state for _, state in take(intake, receiver(world))] == ["refused", "taken"]
    assert sentences(intake)[0] == intakes.OUR_FAULT


def test_a_worker_that_dies_leaves_what_it_took(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away in the middle of the second file; the job, begun again, takes that one and the rest."""
    real, by = import_workbook, receiver(world)
    intake = begin(world, *((f"{one}.xlsx", workbook(world, one)) for one in ("n1", "n2", "n3")))

    def dying(content: bytes, filename: str, **more: Any) -> Any:
        done = real(content, filename, **more)
        if filename == "n2.xlsx":
            raise OperationalError("gone")
        return done

    monkeypatch.setattr(intakes, "import_workbook", dying)
    with pytest.raises(OperationalError):
        intakes.take_intake(intake.pk, by=by)
    assert [state for _, state in outcome(intake)] == ["taken", "waiting", "waiting"]
    assert Submission.objects.count() == 1
    monkeypatch.setattr(intakes, "import_workbook", real)
    assert [state for _, state in take(intake, by)] == ["taken"] * 3
    assert Submission.objects.count() == 3


def test_a_file_at_which_workers_die_is_passed_over(world: World) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("n2.xlsx", workbook(world, "n2")))
    IntakeFile.objects.filter(intake=intake, position=1).update(attempts=intakes.DEADLY)
    assert intakes.take_intake(intake.pk, by=receiver(world))
    assert [state for _, state in outcome(intake)] == ["refused", "taken"]
    assert sentences(intake)[0] == intakes.KILLS


def test_a_long_intake_gives_way_to_other_jobs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def note(_: str, **arguments: Any) -> int:
        asked.append(arguments)
        return 7

    monkeypatch.setattr(intakes, "enqueue", note)
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")), ("n2.xlsx", workbook(world, "n2")))
    clock: Iterator[float] = iter([0.0, 1.0, 99.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    assert not intakes.take_intake(intake.pk, by=receiver(world))
    assert [state for _, state in outcome(intake)] == ["taken", "waiting"]
    assert [one["intake_id"] for one in asked] == [intake.pk, intake.pk]
    intake.refresh_from_db()
    assert (intake.job, intake.finished_at) == (7, None)


def test_only_who_brought_it_and_receivers_of_the_unit_see_it(world: World) -> None:
    intake = begin(world, ("n1.xlsx", workbook(world, "n1")))
    seen: Callable[[Actor], bool] = lambda who: held.intakes_for(who).filter(pk=intake.pk).exists()  # noqa: E731
    assert seen(receiver(world))
    assert seen(world.actor(world.harbours[0], Role.HEAD))
    for other in (world.actor(world.harbours[1]), world.actor(world.lights["n1"]), world.actor(world.coast)):
        assert not seen(other)


def test_the_job_is_the_one_that_is_asked_for() -> None:
    assert jobs.take_intake_files.name == held.INTAKE_JOB
