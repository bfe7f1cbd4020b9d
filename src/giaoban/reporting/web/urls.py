from django.urls import path

import giaoban.reporting.web.views.calendar as calendar
import giaoban.reporting.web.views.catalogue as catalogue
import giaoban.reporting.web.views.cells as cells
import giaoban.reporting.web.views.entry as entry
import giaoban.reporting.web.views.index as index
import giaoban.reporting.web.views.opening as opening
import giaoban.reporting.web.views.paper as paper
import giaoban.reporting.web.views.reception as reception
import giaoban.reporting.web.views.request as request
import giaoban.reporting.web.views.submission as submission
import giaoban.reporting.web.views.table as table

app_name = "reporting"

urlpatterns = [
    path("", index.index, name="index"),
    path("danh-sach.csv", index.export, name="index-csv"),
    path("mo-ky/", opening.open_period, name="open-period"),
    path("yeu-cau/", request.request_page, name="request"),
    path("tiep-nhan/<str:unit>/<str:form>/<str:period>/", reception.reception, name="reception"),
    path("tiep-nhan/<str:unit>/<str:form>/<str:period>/danh-sach.csv", reception.export, name="reception-csv"),
    path("nhap/<int:pk>/", entry.entry, name="entry"),
    path("nhap/<int:pk>/o/", cells.cells, name="cells"),
    path("nhap/<int:pk>/tep.xlsx", entry.workbook, name="workbook"),
    path("nhap/<int:pk>/doc-tep/", entry.read_workbook, name="read-workbook"),
    path("nhap/<int:pk>/ban-in.pdf", paper.draft, name="draft-paper"),
    path("bien-nhan/<int:pk>/", submission.submission, name="submission"),
    path("bien-nhan/<int:pk>/so-lieu.csv", submission.export, name="submission-csv"),
    path("bien-nhan/<int:pk>/ban-quet", submission.scan, name="scan"),
    path("bien-nhan/<int:pk>/ban-in.pdf", paper.version, name="paper"),
    path("lich/", calendar.calendar, name="calendar"),
    path("lich/lich.ics", calendar.export, name="calendar-ics"),
    path("bieu-mau/", catalogue.catalogue, name="catalogue"),
    path("bieu-mau/danh-muc.csv", catalogue.export, name="catalogue-csv"),
    path("bieu-mau/<str:form>/", catalogue.form, name="form"),
    path("bieu-mau/<str:form>/bieu-trong.pdf", paper.blank, name="blank-paper"),
    path("so-lieu/", table.index, name="table-index"),
    path("so-lieu/<str:form>/<str:period>/", table.table, name="table"),
    path("so-lieu/<str:form>/<str:period>/so-lieu.csv", table.export, name="table-csv"),
]
