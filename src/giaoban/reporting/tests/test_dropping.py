"""A folder of reports: whole files only, none ever lost, each with its outcome beside it; a mail is its attachments."""

import os
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from giaoban.kit.permissions import Role
from giaoban.reporting.models import Intake, IntakeSource, Submission
from giaoban.reporting.services import dropping
from giaoban.reporting.tests.factories import AT, World, tiny_world
from giaoban.reporting.tests.test_intake import WRONG, csv, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def login(world: World) -> str:
    world.actor(world.harbours[0], Role.RECEIVER)
    return f"{world.harbours[0].key}-{Role.RECEIVER.value}"


def drop(folder: Path, name: str, content: bytes, *, age: float = 60) -> Path:
    path = folder / name
    path.write_bytes(content)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def look(world: World, folder: Path) -> dropping.Dropped:
    return dropping.take_folder_as(folder, login(world), at=AT)


def finish(world: World, folder: Path) -> list[str]:
    return [file.state for file in dropping.finish_folder(folder, login(world))]


def names(folder: Path, beneath: str) -> list[str]:
    return sorted(path.name for path in (folder / beneath).iterdir())


def mail(*attachments: tuple[str, bytes], sender: str = "Xã Một <xa1@example.org>") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = sender, "Báo cáo"
    message.set_content("Xin gửi báo cáo.")
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)


def test_files_are_taken_and_their_outcome_stands_beside_them(world: World, tmp_path: Path) -> None:
    drop(tmp_path, "n1.xlsx", workbook(world, "n1"))
    drop(tmp_path, "bad.xlsx", workbook(world, "n2", WRONG))
    assert look(world, tmp_path) == dropping.Dropped(picked=2, refused=0, settled=0)
    assert len(names(tmp_path, dropping.WORKING)) == 2
    assert look(world, tmp_path) == dropping.Dropped(picked=0, refused=0, settled=0)
    assert sorted(finish(world, tmp_path)) == ["refused", "taken"]
    assert names(tmp_path, dropping.WORKING) == []
    assert names(tmp_path, dropping.TAKEN) == ["n1.xlsx", "n1.xlsx.txt"]
    assert names(tmp_path, dropping.REFUSED)[-2:] == ["bad.xlsx", "bad.xlsx.txt"]
    assert Submission.objects.get().receipt in (tmp_path / dropping.TAKEN / "n1.xlsx.txt").read_text()
    assert "“trong đó” là 9" in (tmp_path / dropping.REFUSED / "bad.xlsx.txt").read_text()
    assert {one.source for one in Intake.objects.all()} == {IntakeSource.FOLDER}


def test_what_is_still_being_written_waits(world: World, tmp_path: Path) -> None:
    drop(tmp_path, "young.csv", csv("n1"), age=0)
    drop(tmp_path, "n2.csv.part", csv("n2"))
    drop(tmp_path, ".hidden.csv", csv("n3"))
    (tmp_path / "link.csv").symlink_to(drop(tmp_path, "~$n1.xlsx", b"lock"))
    assert look(world, tmp_path).picked == 0
    assert len([path for path in tmp_path.iterdir() if not path.is_dir()]) == 5


def test_a_mail_is_its_attachments_and_its_sender_is_noted(world: World, tmp_path: Path) -> None:
    drop(tmp_path, "thư.eml", mail(("n1.xlsx", workbook(world, "n1")), ("../../n2.csv", csv("n2"))))
    drop(tmp_path, "bare.eml", mail())
    drop(tmp_path, "noise.eml", b"\x00\xff" * 400)
    assert look(world, tmp_path) == dropping.Dropped(picked=3, refused=2, settled=0)
    intake = Intake.objects.get()
    assert intake.act.detail["senders"] == ["Xã Một <xa1@example.org>"]
    assert finish(world, tmp_path) == ["taken", "taken"]
    assert [one.filename for one in intake.files.order_by("position")] == ["thư.eml/n1.xlsx", "thư.eml/../../n2.csv"]
    assert names(tmp_path, dropping.REFUSED) == ["bare.eml", "bare.eml.txt", "noise.eml", "noise.eml.txt"]
    assert (tmp_path / dropping.REFUSED / "bare.eml.txt").read_text().strip() == dropping.NO_ATTACHMENT


def test_a_program_that_died_between_keeping_and_moving_loses_and_doubles_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(tmp_path, "n1.csv", csv("n1"))

    def dying(*_: object) -> None:
        raise OSError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", dying)
        with pytest.raises(OSError, match="power"):
            look(world, tmp_path)
    assert (tmp_path / "n1.csv").exists()
    look(world, tmp_path)
    assert sorted(finish(world, tmp_path)) == ["taken", "unchanged"]
    assert Submission.objects.count() == 1
    assert names(tmp_path, dropping.TAKEN) == ["n1.csv", "n1.csv.txt"]


def test_two_files_of_one_name_do_not_overwrite_each_other(world: World, tmp_path: Path) -> None:
    for content in (csv("n1"), csv("n2")):
        drop(tmp_path, "bao cao.csv", content)
        look(world, tmp_path)
        finish(world, tmp_path)
    assert names(tmp_path, dropping.TAKEN) == [
        "bao cao-2.csv",
        "bao cao-2.csv.txt",
        "bao cao.csv",
        "bao cao.csv.txt",
    ]


def test_names_that_are_no_text_are_kept_too(world: World, tmp_path: Path) -> None:
    drop(tmp_path, os.fsdecode(b"x\xff\xfe;rm -rf $HOME\n.csv"), csv("n1"))
    assert look(world, tmp_path).picked == 1
    assert finish(world, tmp_path) == ["taken"]
    assert len(names(tmp_path, dropping.TAKEN)) == 2


def test_without_account_or_folder_nothing_is_touched(world: World, tmp_path: Path) -> None:
    drop(tmp_path, "n1.csv", csv("n1"))
    with pytest.raises(dropping.FolderRefused, match="tài khoản"):
        dropping.take_folder_as(tmp_path, "nobody", at=AT)
    with pytest.raises(dropping.FolderRefused, match="thư mục"):
        dropping.take_folder_as(tmp_path / "none", login(world), at=AT)
    assert (tmp_path / "n1.csv").exists()
