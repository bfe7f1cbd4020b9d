from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="địa chỉ thư điện tử"),
        ),
        migrations.AddField(
            model_name="user",
            name="mail_wish",
            field=models.CharField(
                choices=[
                    ("at_once", "từng thông báo, ngay khi có"),
                    ("daily", "một thư tổng hợp mỗi ngày làm việc"),
                    ("none", "không gửi thư, chỉ xem trong phần mềm"),
                ],
                default="daily",
                max_length=10,
                verbose_name="thư",
            ),
        ),
    ]
