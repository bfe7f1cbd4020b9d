from django.db import migrations

# From the rows that carry the event, from what it noted of itself, and from the keys in its request.
UNITS = """
    INSERT INTO orgs_eventunit (event_id, unit_id)
    SELECT event_id, unit_id FROM orgs_unitversion WHERE event_id IS NOT NULL
    UNION SELECT event_id, unit_id FROM orgs_unitparent WHERE event_id IS NOT NULL
    UNION SELECT event_id, parent_id FROM orgs_unitparent WHERE event_id IS NOT NULL
    UNION SELECT event_id, unit_id FROM orgs_servedarea WHERE event_id IS NOT NULL
    UNION SELECT event_id, old_id FROM orgs_unitsuccession WHERE event_id IS NOT NULL
    UNION SELECT event_id, new_id FROM orgs_unitsuccession WHERE event_id IS NOT NULL
    UNION
    SELECT event.id, unit.id
    FROM orgs_event event
    CROSS JOIN LATERAL jsonb_array_elements_text(event.before #> '{touched,unit}') AS touched(id)
    JOIN orgs_unit unit ON unit.id = touched.id::bigint
    UNION
    SELECT event.id, unit.id
    FROM orgs_event event
    CROSS JOIN LATERAL jsonb_path_query(event.request, 'strict $.** ? (@.type() == "string")') AS named(key)
    JOIN orgs_unit unit ON unit.key = named.key #>> '{}'
    ON CONFLICT DO NOTHING
"""
AREAS = """
    INSERT INTO orgs_eventarea (event_id, area_id)
    SELECT event_id, area_id FROM orgs_areaversion WHERE event_id IS NOT NULL
    UNION SELECT event_id, old_id FROM orgs_areasuccession WHERE event_id IS NOT NULL
    UNION SELECT event_id, new_id FROM orgs_areasuccession WHERE event_id IS NOT NULL
    UNION
    SELECT event.id, area.id
    FROM orgs_event event
    CROSS JOIN LATERAL jsonb_array_elements_text(event.before #> '{touched,area}') AS touched(id)
    LEFT JOIN orgs_area area ON area.id = touched.id::bigint
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0004_event_touches"),
    ]

    operations = [
        migrations.RunSQL(UNITS, migrations.RunSQL.noop),
        migrations.RunSQL(AREAS, migrations.RunSQL.noop),
    ]
