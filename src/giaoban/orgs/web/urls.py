from django.urls import path

from giaoban.orgs.web.views import compare, events, gaps, importing, posts, regions, search, tree, unit, wizard

app_name = "orgs"

urlpatterns = [
    path("", tree.tree, name="tree"),
    path("cay.csv", tree.tree_csv, name="tree-csv"),
    path("tim/", search.search, name="search"),
    path("so-sanh/", compare.compare, name="compare"),
    path("so-sanh/thay-doi.csv", compare.compare_csv, name="compare-csv"),
    path("so-sanh/chuyen-tiep.csv", compare.crosswalk_file, name="crosswalk"),
    path("bien-dong/", events.events, name="events"),
    path("bien-dong/danh-sach.csv", events.events_csv, name="events-csv"),
    path("bien-dong/moi/", wizard.choose, name="event-new"),
    path("bien-dong/moi/chon/", wizard.pick, name="event-pick"),
    path("bien-dong/moi/<slug:kind>/", wizard.form, name="event-form"),
    path("bien-dong/moi/<slug:kind>/<slug:draft>/", wizard.preview, name="event-preview"),
    path("bien-dong/<str:key>/", events.event, name="event"),
    path("bien-dong/<str:key>/hoan-tac/", events.undo, name="event-undo"),
    path("khoang-trong/", gaps.gaps, name="gaps"),
    path("vung/<slug:key>/", regions.region, name="region"),
    path("nhap-bang/", importing.imports, name="imports"),
    path("nhap-bang/<int:pk>/", importing.one_import, name="import"),
    path("nhap-bang/<int:pk>/quyet-dinh/", importing.decide, name="import-decide"),
    path("nhap-bang/<int:pk>/bo/", importing.drop, name="import-drop"),
    path("nhap-bang/<int:pk>/xem-truoc/", importing.preview, name="import-preview"),
    path("nhap-bang/<int:pk>/bang.csv", importing.table_csv, name="import-table"),
    path("nhap-bang/<int:pk>/cho-phai-xem.csv", importing.slips_csv, name="import-slips"),
    path("nhap-bang/<int:pk>/da-quyet-dinh.csv", importing.decisions_csv, name="import-decisions"),
    path("dia-ban/<str:key>/", unit.area, name="area"),
    path("<str:key>/vi-tri/", posts.posts, name="posts"),
    path("<str:key>/vi-tri/giao/", posts.give, name="post-give"),
    path("<str:key>/vi-tri/<int:pk>/thoi/", posts.end, name="post-end"),
    path("<str:key>/vi-tri/<int:pk>/uy-quyen/", posts.delegate, name="post-delegate"),
    path("<str:key>/", unit.unit, name="unit"),
]
