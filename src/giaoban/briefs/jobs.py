"""Work of this room that is done later."""

from procrastinate.contrib.django import app

from giaoban.briefs import services


@app.task(name=services.RENDER_JOB, retry=3)
def render(book_id: int) -> None:
    services.render(book_id)
