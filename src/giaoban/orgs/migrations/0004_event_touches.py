import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0003_derived_rows_unchecked"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventArea",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "area",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="orgs.area"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.event"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EventUnit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.event"),
                ),
                (
                    "unit",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orgs.unit"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="eventarea",
            constraint=models.UniqueConstraint(fields=("event", "area"), name="event_area_once"),
        ),
        migrations.AddConstraint(
            model_name="eventunit",
            constraint=models.UniqueConstraint(fields=("event", "unit"), name="event_unit_once"),
        ),
    ]
