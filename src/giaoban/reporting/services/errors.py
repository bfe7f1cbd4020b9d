"""Why an act is refused now. Each says it in one Vietnamese sentence with what to do."""

from collections.abc import Sequence

from giaoban.core.issues import Issue


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


class ImportRefused(ReportingError):
    """A file that was not taken: every fault, with its place in the file. Nothing of it was stored."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__(f"Không nhận tệp: có {len(self.issues)} lỗi. Sửa tệp rồi tải lên lại; chưa có gì được lưu.")
