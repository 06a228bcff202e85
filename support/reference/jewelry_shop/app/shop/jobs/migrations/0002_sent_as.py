"""The message that a gold price came from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """As generated from the models."""

    dependencies = (("jobs", "0001_initial"),)

    operations = (
        migrations.AddField(model_name="goldprice", name="sent_as", field=models.TextField(db_default="", default="")),
    )
