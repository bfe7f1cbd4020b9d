"""What may be done, and which roles may do it. Roles are code; who holds one is data (`orgs.Post`)."""

from enum import StrEnum


class Permission(StrEnum):
    ENTER_FIGURES = "enter-figures"
    SEND_REPORT = "send-report"
    RECEIVE_REPORT = "receive-report"
    CONFIRM_FIGURES = "confirm-figures"
    JUDGE_FINDING = "judge-finding"
    PREPARE_MEETING = "prepare-meeting"
    CONCLUDE = "conclude"
    ASSIGN_TASK = "assign-task"
    REPORT_PROGRESS = "report-progress"
    VERIFY_TASK = "verify-task"
    MANAGE_UNITS = "manage-units"
    WRITE_NARRATIVE = "write-narrative"
    FINISH_NARRATIVE = "finish-narrative"


class Role(StrEnum):
    OFFICER = "officer"
    RECEIVER = "receiver"
    SECRETARY = "secretary"
    HEAD = "head"
    INSPECTOR = "inspector"
    ADMINISTRATOR = "administrator"


ROLE_NAMES: dict[Role, str] = {
    Role.OFFICER: "Công chức báo cáo",
    Role.RECEIVER: "Người tổng hợp",
    Role.SECRETARY: "Thư ký",
    Role.HEAD: "Thủ trưởng",
    Role.INSPECTOR: "Thanh tra, kiểm tra",
    Role.ADMINISTRATOR: "Quản trị danh mục",
}

PERMISSION_NAMES: dict[Permission, str] = {
    Permission.ENTER_FIGURES: "nhập số liệu",
    Permission.SEND_REPORT: "xác nhận và gửi báo cáo",
    Permission.RECEIVE_REPORT: "tiếp nhận, trả lại báo cáo",
    Permission.CONFIRM_FIGURES: "chốt bảng tổng hợp",
    Permission.JUDGE_FINDING: "xác nhận phát hiện",
    Permission.PREPARE_MEETING: "chuẩn bị cuộc họp",
    Permission.CONCLUDE: "kết luận cuộc họp",
    Permission.ASSIGN_TASK: "giao nhiệm vụ",
    Permission.REPORT_PROGRESS: "báo tiến độ nhiệm vụ",
    Permission.VERIFY_TASK: "xác nhận kết quả nhiệm vụ",
    Permission.MANAGE_UNITS: "quản lý đơn vị",
    Permission.WRITE_NARRATIVE: "viết báo cáo bằng lời",
    Permission.FINISH_NARRATIVE: "trình và ban hành báo cáo bằng lời",
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OFFICER: frozenset({Permission.ENTER_FIGURES, Permission.REPORT_PROGRESS, Permission.WRITE_NARRATIVE}),
    Role.RECEIVER: frozenset(
        {
            Permission.ENTER_FIGURES,
            Permission.RECEIVE_REPORT,
            Permission.CONFIRM_FIGURES,
            Permission.JUDGE_FINDING,
            Permission.REPORT_PROGRESS,
            Permission.VERIFY_TASK,
            Permission.WRITE_NARRATIVE,
        }
    ),
    Role.SECRETARY: frozenset(
        {
            Permission.PREPARE_MEETING,
            Permission.ASSIGN_TASK,
            Permission.VERIFY_TASK,
            Permission.REPORT_PROGRESS,
            Permission.WRITE_NARRATIVE,
        }
    ),
    Role.HEAD: frozenset(
        {
            Permission.ENTER_FIGURES,
            Permission.SEND_REPORT,
            Permission.RECEIVE_REPORT,
            Permission.CONFIRM_FIGURES,
            Permission.JUDGE_FINDING,
            Permission.PREPARE_MEETING,
            Permission.CONCLUDE,
            Permission.ASSIGN_TASK,
            Permission.REPORT_PROGRESS,
            Permission.VERIFY_TASK,
            Permission.WRITE_NARRATIVE,
            Permission.FINISH_NARRATIVE,
        }
    ),
    Role.INSPECTOR: frozenset(),
    Role.ADMINISTRATOR: frozenset({Permission.MANAGE_UNITS}),
}


def roles_with(permission: Permission) -> list[Role]:
    """The roles that hold a permission, in the order of the list above: a refusal names them."""
    return [role for role, held in ROLE_PERMISSIONS.items() if permission in held]
