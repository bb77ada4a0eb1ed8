"""Declaring routes: mistakes stop the start, with the route's name."""

import pytest
from marshmallow import fields

from threatweaver.http.renditions import Rendition
from threatweaver.http.route import EMPTY, JOB, SIGNED_IN, RouteError, RouteTable, Upload, bare
from threatweaver.http.schema import Schema

UPLOAD = Upload(max_bytes=lambda _: 1, description="A file.", content={})


def declare(method="GET", path="", doc="Do it.", returns=EMPTY, **options):
    async def handler(_):
        raise AssertionError

    handler.__doc__ = doc
    table = RouteTable(path="/things", tag="Things")
    table.add(handler, method, path, permission=SIGNED_IN, returns=returns, **options)
    return table.routes[0]


@pytest.mark.parametrize("doc", [None, "", "No full stop", "First line without\nand a second with."])
def test_a_route_needs_a_sentence(doc):
    with pytest.raises(RouteError, match="GET /things: the handler's docstring"):
        declare(doc=doc)


def test_a_route_needs_a_permission():
    table = RouteTable(path="/things", tag="Things")
    with pytest.raises(TypeError, match="permission"):
        table.route("GET", returns=EMPTY)


@pytest.mark.parametrize("method", ["get", "HEAD", "OPTIONS", "FETCH", "*"])
def test_unknown_methods(method):
    with pytest.raises(RouteError, match="unknown method"):
        declare(method)


def test_a_get_takes_no_body_and_a_body_is_described_or_streamed():
    with pytest.raises(RouteError, match="a GET has no body"):
        declare("GET", body=Schema)
    with pytest.raises(RouteError, match="either described or streamed"):
        declare("POST", body=Schema, upload=UPLOAD)


def test_path_parameters_have_a_kind():
    assert isinstance(declare(path="/{id}").params["id"], fields.UUID)
    assert isinstance(declare(path="/{scanId}").params["scanId"], fields.UUID)
    with pytest.raises(RouteError, match=r"say what \{name\} is"):
        declare(path="/{name}")
    with pytest.raises(RouteError, match="no such path parameter: nme"):
        declare(path="/{id}", params={"nme": fields.String()})


def test_statuses_follow_the_shape():
    assert declare("DELETE").status == 204
    assert declare("POST", returns=JOB).status == 202
    assert declare("GET", returns=bare(Schema)).status == 200
    assert declare("POST", returns=bare(Schema), status=201).status == 201


def test_only_get_is_safe():
    assert not declare("GET").writes
    assert all(declare(method).writes for method in ("POST", "PUT", "PATCH", "DELETE"))


def test_summary_and_description_come_from_the_docstring():
    route = declare(doc="Do it.\n\n    With care,\n    and twice.\n    ")
    assert (route.summary, route.description) == ("Do it.", "With care,\nand twice.")


class Look(Schema):
    theme = fields.String()


class Asked(Schema):
    limit = fields.Integer()


DRAWING = Rendition(content_type="image/svg+xml", render=lambda _body, _query: b"<svg/>", query=Look)


def test_a_rendition_brings_its_parameters():
    assert set(declare(returns=bare(Schema), rendition=DRAWING).query().fields) == {"theme"}
    asked = declare(returns=bare(Schema), query=Asked, rendition=DRAWING).query
    assert (asked.__name__, set(asked().fields)) == ("Asked", {"limit", "theme"})


@pytest.mark.parametrize(("method", "returns"), [("POST", bare(Schema)), ("GET", EMPTY), ("GET", JOB)])
def test_only_json_that_is_read_has_a_rendition(method, returns):
    with pytest.raises(RouteError, match="only JSON that is read"):
        declare(method, returns=returns, rendition=DRAWING)
