from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "giaoban.indicators"
    label = "indicators"
    verbose_name = "Chỉ số"

    def ready(self) -> None:
        from giaoban.indicators.loading import load_indicators
        from giaoban.indicators.offers import answered_figure
        from giaoban.indicators.panels import before_receiving
        from giaoban.indicators.services.collecting import COLLECT_JOB
        from giaoban.indicators.uses import decision_users
        from giaoban.indicators.work import owned_discrepancies
        from giaoban.kit.registries import (
            figure_jobs,
            figure_sources,
            figure_users,
            pack_loaders,
            submission_panels,
            work_items,
        )

        pack_loaders.register("indicators", load_indicators)
        work_items.register("discrepancies", owned_discrepancies)
        figure_sources.register("figures.answer", answered_figure)
        figure_users.register("discrepancies", decision_users)
        figure_jobs.register("discrepancies", COLLECT_JOB)
        submission_panels.register("figures to look at", before_receiving)
