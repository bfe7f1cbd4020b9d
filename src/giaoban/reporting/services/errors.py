"""Why an act is refused now. Each says it in one Vietnamese sentence with what to do."""

from collections.abc import Sequence

from giaoban.core.issues import Issue
from giaoban.core.secrecy import refusal_of_secret
from giaoban.reporting.rules import SigningFault


class ReportingError(Exception):
    """The act is not possible now; nothing was stored."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class AlreadyDone(ReportingError):
    """Somebody, or a second click, was first."""


class PeriodUnknown(ReportingError):
    """A period that the rule does not make, or that the caller did not describe fully."""


class SubmissionRefused(ReportingError):
    """A report with errors (`issues`), or with warnings that nobody explained (`unexplained`)."""

    def __init__(self, issues: Sequence[Issue], unexplained: Sequence[Issue] = ()) -> None:
        self.issues, self.unexplained = tuple(issues), tuple(unexplained)
        parts = []
        if self.issues:
            parts.append(f"{len(self.issues)} lỗi phải sửa")
        if self.unexplained:
            parts.append(f"{len(self.unexplained)} cảnh báo chưa có giải thích")
        super().__init__(f"Chưa gửi được báo cáo: còn {' và '.join(parts)}.")


class JustificationNeeded(ReportingError):
    """A request for known data, or a day before the regime's, without a signed reason. what, else_do: its words."""

    def __init__(
        self, sentences: Sequence[str], what: str = "Yêu cầu này nặng hơn chế độ báo cáo", else_do: str = "bớt yêu cầu"
    ) -> None:
        self.sentences = tuple(sentences)
        super().__init__(
            f"{what}. Nêu lý do, họ tên và chức vụ người quyết định, hoặc {else_do}: " + " ".join(self.sentences)
        )


class ImportRefused(ReportingError):
    """A file that was not taken: every fault, with its place in the file. Nothing of it was stored."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__(f"Không nhận tệp: có {len(self.issues)} lỗi. Sửa tệp rồi tải lên lại; chưa có gì được lưu.")


class SigningRefused(ReportingError):
    """Names of signers are lacking, or a capacity is not as the rules of signing want it (`faults`)."""

    def __init__(self, faults: Sequence[SigningFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(f"{one.role}: {one.sentence}" for one in self.faults))


class BooksClosed(ReportingError):
    """The books of the form and period are closed for the unit."""


class AmendmentUnexplained(ReportingError):
    """Figures of this report were accepted before, and nobody says why they change. `units`: of which units."""

    def __init__(self, units: Sequence[str]) -> None:
        self.units = tuple(units)
        named = f" ({', '.join(self.units[:5])}{'…' if len(self.units) > 5 else ''})" if len(self.units) > 1 else ""
        super().__init__(f"Số liệu này đã được tiếp nhận{named}. Nêu lý do sửa đổi thì mới gửi bản sửa được.")


class SecretRefused(ReportingError):
    """A text or a file that carries the marking of a state secret (`marking`). Nothing of it was kept."""

    def __init__(self, marking: str) -> None:
        self.marking = marking
        super().__init__(refusal_of_secret(marking))


class ExplanationsUnjudged(ReportingError):
    """A report is not accepted while explanations wait for the receiver. `keys`: by `rules.issue_key`; declined ones
    are among them.
    """

    def __init__(self, keys: Sequence[str], unit: str = "") -> None:
        self.keys = tuple(keys)
        who = f"Báo cáo của {unit} còn" if unit else "Báo cáo còn"
        super().__init__(
            f"{who} {len(self.keys)} giải trình chưa được chấp nhận. Mở biên nhận, chấp nhận từng giải trình, "
            "hoặc trả lại báo cáo."
        )


class OwnExplanations(ExplanationsUnjudged):
    """Words for all warnings of many files are not accepted by the account that wrote them."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(keys)
        self.sentence = (
            f"Giải trình chung của {len(self.keys)} cảnh báo do chính bạn ghi khi tải tệp lên, nên bạn không tự chấp "
            "nhận được. Nhờ người khác ở nơi nhận xem, hoặc trả lại để đơn vị giải trình."
        )
        self.args = (self.sentence,)
