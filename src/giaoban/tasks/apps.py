from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "giaoban.tasks"
    label = "tasks"
    verbose_name = "Nhiệm vụ"

    def ready(self) -> None:
        from giaoban.kit import registries
        from giaoban.tasks import offers

        registries.work_items.register("tasks", offers.work_items)
        registries.page_panels.register("tasks", offers.panel)
        registries.unit_dependents.register(
            "tasks", registries.UnitDependent(effects=offers.effects, apply=offers.apply)
        )
        registries.navigation.register(
            "tasks", registries.NavigationEntry(label="Nhiệm vụ", route="tasks:index", order=50, icon="tasks")
        )
