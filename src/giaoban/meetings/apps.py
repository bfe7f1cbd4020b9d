from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "giaoban.meetings"
    label = "meetings"
    verbose_name = "Họp"

    def ready(self) -> None:
        from giaoban.kit import registries
        from giaoban.meetings import dependents, offers

        registries.work_items.register("meetings", offers.work_items)
        registries.page_panels.register("meetings", offers.panel)
        registries.unit_dependents.register(
            "meetings",
            registries.UnitDependent(
                "Họp", dependents.effects, dependents.apply, dependents.undo, dependents.blocks_undo
            ),
        )
        registries.navigation.register(
            "meetings", registries.NavigationEntry(label="Họp", route="meetings:index", order=40, icon="meetings")
        )
