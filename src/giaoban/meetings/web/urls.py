from django.urls import path

from giaoban.meetings.web import views

app_name = "meetings"

urlpatterns = [
    path("", views.index, name="index"),
    path("lap-cuoc-hop/", views.plan, name="plan"),
    path("<slug:key>/", views.meeting, name="meeting"),
    path("<slug:key>/thanh-phan/", views.invite, name="invite"),
    path("<slug:key>/diem-danh/", views.attendance, name="attendance"),
    path("<slug:key>/chuong-trinh/", views.agenda, name="agenda"),
    path("<slug:key>/chuong-trinh/them/", views.agenda_item, name="agenda-item"),
    path("<slug:key>/tai-lieu/", views.attach, name="attach"),
    path("<slug:key>/tai-lieu/<int:pk>/", views.attachment, name="attachment"),
    path("<slug:key>/chot-tai-lieu/", views.freeze_book, name="freeze"),
    path("<slug:key>/da-hop/", views.hold, name="hold"),
    path("<slug:key>/ket-luan/", views.conclusion, name="conclusion"),
    path("<slug:key>/ket-luan/doan/", views.record, name="record"),
    path("<slug:key>/ket-luan/doan/<int:pk>/", views.clears, name="clears"),
    path("<slug:key>/ket-luan/doan/<int:pk>/tach/", views.split, name="split"),
    path("<slug:key>/ket-luan/doan/<int:pk>/loai/", views.change_kind, name="kind"),
    path("<slug:key>/ket-luan/hoan-tac/", views.undo, name="undo"),
    path("<slug:key>/ket-luan/ban-hanh/", views.issue, name="issue"),
    path("<slug:key>/ket-luan/thong-bao/", views.complete, name="complete"),
    path("<slug:key>/chieu/", views.projector, name="projector"),
    path("<slug:key>/thong-bao.pdf", views.notice_pdf, name="notice-pdf"),
    path("<slug:key>/thong-bao.docx", views.notice_docx, name="notice-docx"),
]
