from django.urls import path

import giaoban.reporting.web.views.added as added
import giaoban.reporting.web.views.below as below
import giaoban.reporting.web.views.books as books
import giaoban.reporting.web.views.burden as burden
import giaoban.reporting.web.views.calendar as calendar
import giaoban.reporting.web.views.calls as calls
import giaoban.reporting.web.views.catalogue as catalogue
import giaoban.reporting.web.views.cells as cells
import giaoban.reporting.web.views.checking as checking
import giaoban.reporting.web.views.entry as entry
import giaoban.reporting.web.views.frozen as frozen
import giaoban.reporting.web.views.index as index
import giaoban.reporting.web.views.intake as intake
import giaoban.reporting.web.views.messages as messages
import giaoban.reporting.web.views.opening as opening
import giaoban.reporting.web.views.paper as paper
import giaoban.reporting.web.views.punctuality as punctuality
import giaoban.reporting.web.views.readings as readings
import giaoban.reporting.web.views.reception as reception
import giaoban.reporting.web.views.request as request
import giaoban.reporting.web.views.submission as submission
import giaoban.reporting.web.views.table as table
import giaoban.reporting.web.views.table_index as table_index
import giaoban.reporting.web.views.waivers as waivers
import giaoban.reporting.web.views.wide as wide
import giaoban.reporting.web.views.workbooks as workbooks

app_name = "reporting"

urlpatterns = [
    path("", index.index, name="index"),
    path("danh-sach.csv", index.export, name="index-csv"),
    path("mo-ky/", opening.open_period, name="open-period"),
    path("yeu-cau/", request.request_page, name="request"),
    path("yeu-cau-den/", burden.burden, name="burden"),
    path("yeu-cau-den/danh-sach.csv", burden.export, name="burden-csv"),
    path("tiep-nhan/<str:unit>/<str:form>/<str:period>/", reception.reception, name="reception"),
    path("tiep-nhan/<str:unit>/<str:form>/<str:period>/danh-sach.csv", reception.export, name="reception-csv"),
    path("tiep-nhan/<str:unit>/<str:form>/<str:period>/moi/", reception.news, name="reception-news"),
    path("tiep-nhan/<str:unit>/<str:form>/<str:period>/goi-dien/", calls.call_list, name="call-list"),
    path("tiep-nhan/<str:unit>/<str:form>/<str:period>/goi-dien.csv", calls.export, name="call-list-csv"),
    path("dung-han/", punctuality.punctuality, name="punctuality"),
    path("dung-han/don-vi.csv", punctuality.export, name="punctuality-csv"),
    path("nhap/<int:pk>/", entry.entry, name="entry"),
    path("nhap/<int:pk>/o/", cells.cells, name="cells"),
    path("nhap/<int:pk>/tep.xlsx", entry.workbook, name="workbook"),
    path("nhap/<int:pk>/doc-tep/", entry.read_workbook, name="read-workbook"),
    path("nhap/<int:pk>/tep-loi/<str:ticket>/", workbooks.faulty_copy, name="faulty-copy"),
    path("nhap/<int:pk>/mien-kiem-tra/", waivers.waivers, name="waivers"),
    path("nhap/<int:pk>/ban-in.pdf", paper.draft, name="draft-paper"),
    path("bien-nhan/<int:pk>/", submission.submission, name="submission"),
    path("bien-nhan/<int:pk>/so-lieu.csv", submission.export, name="submission-csv"),
    path("bien-nhan/<int:pk>/van-ban/", submission.papers, name="papers"),
    path("bien-nhan/<int:pk>/ban-quet", submission.scan, name="scan"),
    path("bien-nhan/<int:pk>/ban-in.pdf", paper.version, name="paper"),
    path("nhac-han/", messages.coming, name="reminders"),
    path("tin-nhan/", messages.sent, name="messages"),
    path("tin-nhan/tin-nhan.csv", messages.export, name="messages-csv"),
    path("lich/", calendar.calendar, name="calendar"),
    path("lich/lich.ics", calendar.export, name="calendar-ics"),
    path("lich/dia-chi/", calendar.make_address, name="calendar-address"),
    path("lich/dia-chi/<int:pk>/ket-thuc/", calendar.end_address, name="calendar-address-end"),
    path("lich/theo-doi/<str:secret>.ics", calendar.feed, name="calendar-feed"),
    path("tai-len/", intake.new, name="intake-new"),
    path("tai-len/danh-sach/", intake.index, name="intakes"),
    path("tai-len/<int:pk>/", intake.intake, name="intake"),
    path("tai-len/<int:pk>/dung/", intake.stop, name="intake-stop"),
    path("tai-len/<int:pk>/thu-lai/", intake.retry, name="intake-retry"),
    path("tai-len/<int:pk>/ket-qua.csv", intake.export, name="intake-csv"),
    path("tai-len/<int:pk>/ban-ghi-loi.zip", intake.answers, name="intake-answers"),
    path("tai-len/<int:pk>/ban-ghi-loi/<int:position>.xlsx", intake.answer, name="intake-answer"),
    path("bieu-mau/", catalogue.catalogue, name="catalogue"),
    path("bieu-mau/danh-muc.csv", catalogue.export, name="catalogue-csv"),
    path("bieu-mau/<str:form>/", catalogue.form, name="form"),
    path("bieu-mau/<str:form>/bieu-trong.pdf", paper.blank, name="blank-paper"),
    path("nhap/<int:pk>/tu-cap-duoi/", below.fill, name="fill-from-below"),
    path("khoa-so/<str:unit>/<str:form>/<str:period>/", books.books, name="books"),
    path("khoa-so/tep/<int:pk>/so-lieu.parquet", frozen.figures, name="frozen-file"),
    path("khoa-so/tep/<int:pk>/ban-ke.json", frozen.manifest, name="frozen-manifest"),
    path("khoa-so/tep/<int:pk>/sha256sum", frozen.checksums, name="frozen-checksums"),
    path("kiem-tra/<str:form>/<str:period>/", checking.checking, name="checking"),
    path("kiem-tra/<str:form>/<str:period>/ket-qua.csv", checking.export, name="checking-csv"),
    path("so-lieu/", table_index.index, name="table-index"),
    path("so-lieu/<str:form>/bang-ngang.csv", wide.export_all, name="wide-all-csv"),
    path("so-lieu/<str:form>/<str:period>/", table.table, name="table"),
    path("so-lieu/<str:form>/<str:period>/bang-ngang.csv", wide.export, name="wide-csv"),
    path("so-lieu/<str:form>/<str:period>/bon-ban/", readings.readings, name="readings"),
    path("so-lieu/<str:form>/<str:period>/bon-ban.csv", readings.export, name="readings-csv"),
    path("so-lieu/<str:form>/<str:period>/cong-ky/", added.added, name="added"),
    path("so-lieu/<str:form>/<str:period>/cong-ky.csv", added.added_csv, name="added-csv"),
    path("so-lieu/<str:form>/<str:period>/phat-sinh/", added.increments, name="increments"),
    path("so-lieu/<str:form>/<str:period>/phat-sinh.csv", added.increments_csv, name="increments-csv"),
    path("so-lieu/<str:form>/<str:period>/thay-doi.csv", table.export_changes, name="changes-csv"),
    path("so-lieu/<str:form>/<str:period>/so-lieu.csv", table.export, name="table-csv"),
]
