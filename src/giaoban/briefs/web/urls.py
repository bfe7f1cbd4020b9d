from django.urls import path

from giaoban.briefs.web import views

app_name = "briefs"

urlpatterns = [
    path("<int:pk>/", views.book, name="book"),
    path("<int:pk>.pdf", views.pdf, name="pdf"),
    path("<int:pk>.docx", views.docx, name="docx"),
    path("bao-cao/", views.reports, name="reports"),
    path("bao-cao/danh-sach.csv", views.reports_csv, name="reports-csv"),
    path("bao-cao/chen-so/", views.quote, name="quote"),
    path("bao-cao/lap/", views.report_new, name="report-new"),
    path("bao-cao/<int:pk>/", views.report, name="report"),
    path("bao-cao/<int:pk>/toan-van/", views.report_read, name="report-read"),
    path("bao-cao/<int:pk>/so-sanh/", views.report_compare, name="report-compare"),
    path("bao-cao/<int:pk>/phan-cong/", views.report_assign, name="report-assign"),
    path("bao-cao/<int:pk>/doi-chieu/", views.report_check, name="report-check"),
    path("bao-cao/<int:pk>/trinh/", views.report_present, name="report-present"),
    path("bao-cao/<int:pk>/chinh-sua/", views.report_amend, name="report-amend"),
    path("bao-cao/<int:pk>/ban-hanh/", views.report_issue, name="report-issue"),
    path("bao-cao/<int:pk>/so-ngay/", views.report_complete, name="report-complete"),
    path("bao-cao/<int:pk>/dinh-kem/", views.report_attach, name="report-attach"),
    path("bao-cao/<int:pk>/dinh-kem/<int:attachment>/", views.report_attachment, name="report-attachment"),
    path("bao-cao/<int:pk>/ban-<int:number>.docx", views.report_docx, name="report-docx"),
    path("bao-cao/<int:pk>/ban-<int:number>.pdf", views.report_pdf, name="report-pdf"),
    path("bao-cao/phan/<int:pk>/", views.section, name="section"),
    path("bao-cao/phan/<int:pk>/tinh-trang/", views.section_state, name="section-state"),
    path("bao-cao/phan/<int:pk>/lich-su/", views.section_history, name="section-history"),
    path("bao-cao/phan/<int:pk>/lay/", views.section_take, name="section-take"),
    path("bao-cao/phan/<int:pk>/so-lieu/", views.section_figures, name="section-figures"),
    path("bao-cao/phan/<int:pk>/so-lieu/<int:number>/", views.section_figure, name="section-figure"),
]
