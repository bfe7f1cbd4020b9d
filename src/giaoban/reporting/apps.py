from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "giaoban.reporting"
    label = "reporting"
    verbose_name = "Báo cáo"

    def ready(self) -> None:
        from giaoban.kit import registries
        from giaoban.reporting import dependents, disagreeing, offers, panels, uses
        from giaoban.reporting.selectors.days import work_calendar
        from giaoban.reporting.services.loading import load_days, load_forms, load_regimes

        registries.pack_loaders.register("days", load_days)
        registries.pack_loaders.register("forms", load_forms)
        registries.pack_loaders.register("regimes", load_regimes)
        registries.work_items.register("reporting", offers.work_items)
        registries.figure_sources.register("reporting.cell", offers.figure)
        registries.unit_dependents.register(
            "reporting",
            registries.UnitDependent(
                "Báo cáo", dependents.effects, dependents.apply, dependents.undo, dependents.blocks_undo
            ),
        )
        registries.figure_users.register("reporting", uses.figure_users)
        registries.work_calendars.register("reporting", work_calendar)
        for name, source in disagreeing.SOURCES.items():
            registries.disagreements.register(name, source)
        registries.navigation.register(
            "reporting",
            registries.NavigationEntry("Báo cáo", "reporting:index", 10, icon="reports", prefix="/bao-cao/"),
        )
        registries.navigation.register(
            "figures",
            registries.NavigationEntry(
                "Số liệu", "reporting:table-index", 20, icon="figures", prefix="/bao-cao/so-lieu/", also="/chi-so/"
            ),
        )
        registries.page_panels.register("reports", panels.reports_panel)
        registries.page_panels.register("figures", panels.figures_panel)
