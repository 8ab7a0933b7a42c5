"""All components on one page while developing, nothing in service."""


def test_gallery_shows_every_component_to_who_is_signed_in(as_, client):
    page = as_("chen").get("/gallery")
    assert page.status_code == 200
    for part in (
        "btn primary",
        "tile",
        "card row",
        "chip",
        "field",
        "panel",
        "data",
        "empty",
        "pager",
    ):
        assert f'class="{part}' in page.text, part
    assert client.get("/gallery").status_code == 303


def test_gallery_is_not_there_in_service(app, as_):
    signed_in = as_("chen")
    app.config["TESTING"] = False
    assert signed_in.get("/gallery").status_code == 404
