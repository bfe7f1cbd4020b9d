from django.apps import AppConfig


class BriefsConfig(AppConfig):
    name = "giaoban.briefs"
    label = "briefs"
    verbose_name = "Tài liệu họp"
