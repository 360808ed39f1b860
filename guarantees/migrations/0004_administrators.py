"""Give the app its third group: administrators invite people and give roles, and record nothing."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GROUP = "administrators"
PERMISSION = ("administer_desk", "Can invite people and change their roles")


def add_administrators(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the group with its permission; Django itself makes permissions only after all migrations."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    invitation, _ = ContentType.objects.get_or_create(app_label="guarantees", model="invitation")
    codename, name = PERMISSION
    permission, _ = Permission.objects.get_or_create(
        content_type=invitation, codename=codename, defaults={"name": name}
    )
    group, _ = Group.objects.get_or_create(name=GROUP)
    group.permissions.add(permission)


def remove_administrators(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Remove the group; the permission goes with the model."""
    apps.get_model("auth", "Group").objects.filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [("guarantees", "0003_the_desk")]

    operations = [migrations.RunPython(add_administrators, remove_administrators)]
