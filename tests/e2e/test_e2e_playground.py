"""The playground in a browser: nothing from outside, and a call is made as the signed-in person."""

from urllib.parse import urlsplit

import cdp

# React keeps a field's value itself: it has to be set as typing would.
_TYPE_TOKEN = """(token => {
    const field = document.querySelector('.auth-container input');
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, token);
    field.dispatchEvent(new Event('input', {bubbles: true}));
})('%s')"""


async def test_authorize_and_execute(product, imported, artifacts):
    async with cdp.browser() as page:
        await page.send("Page.navigate", url=product.line["playground"])
        await page.click(".auth-wrapper .btn.authorize")
        await page.until("!!document.querySelector('.auth-container input')")
        await page.run(_TYPE_TOKEN % product.token())
        await page.click(".auth-container .btn.authorize")
        await page.click(".auth-container .btn-done, .close-modal")

        operation = "#operations-Dashboard-dashboard_kpis_get"
        await page.click("#operations-tag-Dashboard")
        await page.click(f"{operation} .opblock-summary-control")
        await page.until(f"!!document.querySelector('{operation} .parameters-col_description input')")
        await page.click(f"{operation} .execute")
        live = f"{operation} .live-responses-table tbody .response-col_status"
        assert (await page.until(f"document.querySelector('{live}')?.innerText")).strip().startswith("200")
        shown = await page.run(f"document.querySelector('{operation} .live-responses-table').innerText")
        assert f'"totalAssets": {product.get("/api/dashboard/kpis").json()["totalAssets"]}' in shown
        await page.run(f"document.querySelector('{operation}').scrollIntoView()")
        await page.screenshot(artifacts / "playground.png")

    hosts = {urlsplit(url).hostname for url in page.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}, page.requests
    assert any(url.endswith("/api/dashboard/kpis") for url in page.requests)
    assert not page.complaints


async def test_every_group_is_listed(product):
    document = product.get("/api-docs/swagger.json").json()
    tags = {tag for path in document["paths"].values() for item in path.values() for tag in item["tags"]}
    async with cdp.browser() as page:
        await page.send("Page.navigate", url=product.line["playground"])
        await page.until(f"document.querySelectorAll('.opblock-tag').length == {len(tags)}")
        assert not page.complaints
