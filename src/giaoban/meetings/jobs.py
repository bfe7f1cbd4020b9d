"""Work of this room that is done later."""

from procrastinate.contrib.django import app

from giaoban.meetings import services


@app.task(name=services.RENDER_JOB, retry=3)
def render_notice(notice_id: int) -> None:
    services.render_notice(notice_id)
