"""One number that is another as soon as anything of the trees is: what processes keep of them hangs on it.

Whoever changes the trees holds its row until the transaction ends, so that no two states ever bear the same number.
"""

from django.db import migrations

STAMP = """
    CREATE TABLE orgs_treestamp (alone boolean PRIMARY KEY DEFAULT true CHECK (alone), number bigint NOT NULL);
    CREATE SEQUENCE orgs_treestamp_number OWNED BY orgs_treestamp.number;
    INSERT INTO orgs_treestamp (number) VALUES (nextval('orgs_treestamp_number'));
    CREATE FUNCTION orgs_tree_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE orgs_treestamp SET number = nextval('orgs_treestamp_number');
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER tree_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orgs_unitversion
        FOR EACH STATEMENT EXECUTE FUNCTION orgs_tree_changed();
    CREATE TRIGGER tree_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orgs_unitparent
        FOR EACH STATEMENT EXECUTE FUNCTION orgs_tree_changed();
    CREATE TRIGGER tree_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON orgs_unitsuccession
        FOR EACH STATEMENT EXECUTE FUNCTION orgs_tree_changed();
"""
BACK = """
    DROP TRIGGER tree_changed ON orgs_unitversion;
    DROP TRIGGER tree_changed ON orgs_unitparent;
    DROP TRIGGER tree_changed ON orgs_unitsuccession;
    DROP FUNCTION orgs_tree_changed();
    DROP TABLE orgs_treestamp;
"""


class Migration(migrations.Migration):
    dependencies = [("orgs", "0005_event_touches_told")]
    operations = [migrations.RunSQL(STAMP, BACK)]
