from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "giaoban.tasks"
    label = "tasks"
    verbose_name = "Nhiệm vụ"

    def ready(self) -> None:
        from giaoban.kit import registries
        from giaoban.tasks import dependents, offers

        registries.work_items.register("tasks", offers.work_items)
        registries.page_panels.register("tasks", offers.panel)
        registries.unit_dependents.register(
            "tasks",
            registries.UnitDependent(
                "Nhiệm vụ", dependents.effects, dependents.apply, dependents.undo, dependents.blocks_undo
            ),
        )
        registries.navigation.register(
            "tasks", registries.NavigationEntry(label="Nhiệm vụ", route="tasks:index", order=50, icon="tasks")
        )
