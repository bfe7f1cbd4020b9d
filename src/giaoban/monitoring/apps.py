from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "giaoban.monitoring"
    label = "monitoring"
    verbose_name = "Theo dõi"

    def ready(self) -> None:
        from giaoban.kit.registries import (
            NavigationEntry,
            UnitDependent,
            figure_users,
            navigation,
            pack_loaders,
            page_panels,
            unit_dependents,
            work_items,
        )
        from giaoban.monitoring import dependents
        from giaoban.monitoring.loading import load_watch_rules
        from giaoban.monitoring.panels import findings_panel, indicators_panel
        from giaoban.monitoring.uses import finding_users
        from giaoban.monitoring.work import findings_to_judge

        pack_loaders.register("watch rules", load_watch_rules)
        work_items.register("monitoring", findings_to_judge)
        figure_users.register("monitoring", finding_users)
        page_panels.register("indicators", indicators_panel)
        page_panels.register("findings", findings_panel)
        unit_dependents.register(
            "monitoring",
            UnitDependent("Theo dõi", dependents.effects, dependents.apply, dependents.undo, dependents.blocks_undo),
        )
        navigation.register(
            "monitoring",
            NavigationEntry("Theo dõi", "monitoring:matrix", 30, short="Theo dõi", icon="watch", prefix="/theo-doi/"),
        )
