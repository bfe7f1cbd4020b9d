from django.apps import AppConfig


class BriefsConfig(AppConfig):
    name = "giaoban.briefs"
    label = "briefs"
    verbose_name = "Tài liệu họp, báo cáo bằng lời"

    def ready(self) -> None:
        from giaoban.briefs import offers
        from giaoban.briefs.loading import load_outlines
        from giaoban.briefs.uses import book_users
        from giaoban.kit import registries

        registries.pack_loaders.register("outlines", load_outlines)
        registries.work_items.register("briefs", offers.work_items)
        registries.figure_sources.register("indicators.reading", offers.indicator_figure)
        registries.answer_uses.register("briefs", offers.into_words)
        registries.figure_users.register("briefs", offers.figure_users)
        registries.figure_users.register("briefing books", book_users)
        registries.navigation.register(
            "narratives",
            registries.NavigationEntry(
                "Báo cáo lời", "briefs:reports", 15, icon="reports", prefix="/tai-lieu/bao-cao/"
            ),
        )
