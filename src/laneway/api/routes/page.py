"""Page: the page's own files. They are the same for everybody and hold nothing of anybody."""

from starlette.responses import Response

from laneway.api.call import Call
from laneway.api.page import BuiltPage, PageFile
from laneway.api.route import Routes
from laneway.domain.errors import NotFound

routes = Routes("Page", base="")

HTML = "text/html"


@routes.add("GET", "/", "open", shows=str, shows_media_type=HTML)
async def show_page(call: Call) -> Response:
    """The page. What is in it is asked for with the login's cookie."""
    return _send(call, built_page(call).index)


@routes.add("GET", "/t/{thread_id}", "open", shows=str, shows_media_type=HTML)
async def show_page_of_thread(call: Call) -> Response:
    """The page at a thread, whether there is such a thread or not."""
    return _send(call, built_page(call).index)


@routes.add("GET", "/assets/{name}", "open", shows=bytes, shows_media_type="application/octet-stream")
async def get_asset(call: Call) -> Response:
    """A script or style of the page, whose name changes with its content."""
    return _send(call, built_page(call).find(f"assets/{call.request.path_params['name']}"))


@routes.add("GET", "/app/{name}", "open", shows=bytes, shows_media_type="application/octet-stream")
async def get_app_file(call: Call) -> Response:
    """What makes the page an app: its manifest and icons."""
    return _send(call, built_page(call).find(f"app/{call.request.path_params['name']}"))


def built_page(call: Call) -> BuiltPage:
    """The page that this server sends."""
    page = call.request.app.state.page
    assert isinstance(page, BuiltPage)
    return page


def _send(call: Call, file: PageFile | None) -> Response:
    if file is None:
        raise NotFound
    return file.answer(call.headers.first("accept-encoding"), call.headers.first("if-none-match"))
