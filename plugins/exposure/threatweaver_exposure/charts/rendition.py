"""A chart as a rendition of an endpoint's JSON: declared once beside the schema, served by the kernel."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import Rendition, Schema
from threatweaver_exposure.charts import styles, svg
from threatweaver_exposure.charts.figure import Figure


class ThemeQuery(Schema):
    """How a chart is drawn; JSON is the same whatever it says."""

    theme = fields.String(
        validate=validate.OneOf(styles.THEMES),
        metadata={"description": "Colors of the chart; without it they follow the reader's system."},
    )


def drawn(figure: Callable[[Any], Figure]) -> Rendition:
    """Return a rendition as SVG; `figure` makes a figure of the body as JSON has it."""

    def render(body: Any, query: Mapping[str, Any]) -> bytes:
        return svg.draw(figure(body), query.get("theme"))

    return Rendition(
        content_type=svg.CONTENT_TYPE,
        render=render,
        query=ThemeQuery,
        headers={"Content-Security-Policy": styles.policy()},
    )
