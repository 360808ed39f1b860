"""Make the table in which attempts to sign in are counted (the cache named "default" in the settings)."""

from django.apps.registry import Apps
from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_table(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the table as Django's own command does; one that is there already stays."""
    call_command("createcachetable", "throttle", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("guarantees", "0004_administrators")]

    operations = [migrations.RunPython(make_table, migrations.RunPython.noop)]
