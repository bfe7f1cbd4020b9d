"""Work of this room that is done later."""

from procrastinate.contrib.django import app

from giaoban.briefs import services
from giaoban.briefs.services import printing


@app.task(name=services.RENDER_JOB, retry=3)
def render(book_id: int) -> None:
    services.render(book_id)


@app.task(name=printing.PRINT_JOB, retry=3)
def print_report(version_id: int) -> None:
    printing.print_report(version_id)
