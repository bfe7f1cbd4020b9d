from giaoban.briefs.web.views.books import book, docx, pdf
from giaoban.briefs.web.views.figures import quote, section_figure, section_figures
from giaoban.briefs.web.views.lists import report_new, reports, reports_csv
from giaoban.briefs.web.views.report import (
    report,
    report_amend,
    report_assign,
    report_attach,
    report_attachment,
    report_check,
    report_compare,
    report_complete,
    report_docx,
    report_issue,
    report_pdf,
    report_present,
    report_read,
)
from giaoban.briefs.web.views.section import section, section_history, section_state, section_take

__all__ = [
    "book",
    "docx",
    "pdf",
    "quote",
    "report",
    "report_amend",
    "report_assign",
    "report_attach",
    "report_attachment",
    "report_check",
    "report_compare",
    "report_complete",
    "report_docx",
    "report_issue",
    "report_new",
    "report_pdf",
    "report_present",
    "report_read",
    "reports",
    "reports_csv",
    "section",
    "section_figure",
    "section_figures",
    "section_history",
    "section_state",
    "section_take",
]
