"""A program as Interakt's documentation shows: its paths, its headers, and the `requests` library."""

import requests

from gateway import CUSTOMER, NUMBER, TOKEN, URL, WABA, Counted

API = f"{URL}/api/v17.0"
HEADERS = {"x-access-token": TOKEN, "x-waba-id": WABA}
LINK = "https://example.com/"
WAMID = "wamid.HBgLMTU1NTEyMzQ1Njc="
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


class Interakt:
    """What the documentation offers."""

    def send_message(self, body):
        body = {"messaging_product": "whatsapp", **body}
        return read(requests.post(f"{API}/{NUMBER}/messages", json=body, headers=HEADERS))

    def upload_media(self):
        form = {"messaging_product": "whatsapp", "type": "image/png"}
        file = {"file": ("a.png", PNG, "image/png")}
        return read(requests.post(f"{API}/{NUMBER}/media", data=form, files=file, headers=HEADERS))

    def media(self, media):
        return read(requests.get(f"{API}/{media}", headers=HEADERS))

    def download(self, url):
        answer = requests.get(url, headers=HEADERS)
        answer.raise_for_status()
        return answer.content

    def delete_media(self, media):
        return read(requests.delete(f"{API}/{media}", headers=HEADERS))

    def create_template(self, template):
        url = f"{API}/{WABA}/message_templates"
        return read(requests.post(url, json=template, headers=HEADERS))

    def templates(self, **query):
        return read(requests.get(f"{API}/{WABA}/message_templates", query, headers=HEADERS))

    def next_page(self, page):
        return read(requests.get(page["paging"]["next"], headers=HEADERS))

    def delete_template(self, name):
        url = f"{API}/{WABA}/message_templates"
        return read(requests.delete(url, params={"name": name}, headers=HEADERS))


def read(answer):
    assert answer.ok, answer.text
    return answer.json()


def text(body):
    return {"text": body}


def template(name, *components):
    template = {"name": name, "language": {"code": "en_US"}, "components": list(components)}
    return {"type": "template", "template": template}


def interactive(kind, action, **parts):
    return {"type": "interactive", "interactive": {"type": kind, "body": text("Body"), "action": action, **parts}}


def parameters(kind, *values, **more):
    return {"type": kind, "parameters": [{"type": "text", "text": value} for value in values], **more}


def messages(image):
    row = {"id": "1", "title": "One", "description": "The first"}
    reply = {"type": "reply", "reply": {"id": "y", "title": "Yes"}}
    header = {"type": "text", "text": "Head"}
    products = [{"title": "All", "product_items": [{"product_retailer_id": "a"}]}]
    picture = {"type": "image", "image": {"link": LINK + "a.png"}}
    yield "text", {"type": "text", "text": {"preview_url": False, "body": "Hello"}}
    yield "text", {"type": "text", "text": {"body": "A reply"}, "context": {"message_id": WAMID}}
    yield "media", {"type": "image", "image": {"id": image, "caption": "By its id"}}
    yield "media", picture
    yield "media", {"type": "video", "video": {"link": LINK + "a.mp4", "caption": "A film"}}
    yield "media", {"type": "audio", "audio": {"link": LINK + "a.mp3"}}
    yield "media", {"type": "document", "document": {"link": LINK + "a.pdf", "filename": "a.pdf"}}
    yield "sticker", {"type": "sticker", "sticker": {"link": LINK + "a.webp"}}
    yield "location", {"type": "location", "location": {"latitude": "52.5", "longitude": "13.4", "name": "Here", "address": "Street 1"}}
    yield "contacts", {"type": "contacts", "contacts": [{"name": {"formatted_name": "Ada L", "first_name": "Ada"}}]}
    yield "reaction", {"type": "reaction", "reaction": {"message_id": WAMID, "emoji": "👍"}}
    yield "interactive/list", interactive("list", {"button": "Choose", "sections": [{"title": "All", "rows": [row]}]})
    yield "interactive/button", interactive("button", {"buttons": [reply]}, header=header)
    yield "interactive/product", interactive("product", {"catalog_id": "1", "product_retailer_id": "a"})
    yield "interactive/product-list", interactive("product_list", {"catalog_id": "1", "sections": products}, header=header)
    yield "interactive/catalog-message", interactive("catalog_message", {"name": "catalog_message", "parameters": {"thumbnail_product_retailer_id": "a"}})
    yield "interactive/flow", interactive("flow", {"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "594425479261596", "flow_cta": "Open"}})
    yield "template", template("hello_world")
    yield "template", template("order_shipped", parameters("body", "Ada", "1", "today"), parameters("button", "1", sub_type="url", index="0"))
    yield "template", template("event_ticket", {"type": "header", "parameters": [picture]}, parameters("body", "a", "b"))


interakt = Counted(Interakt())
image = interakt.upload_media()["id"]
for kind, message in messages(image):
    sent = interakt.send_message({"recipient_type": "individual", "to": CUSTOMER, **message})
    interakt.sent(kind, sent["messages"][0]["id"])
assert interakt.send_message({"status": "read", "message_id": WAMID}) == {"success": True}

url = interakt.media(image)["url"]
assert url.startswith(f"{API}/"), url
assert interakt.download(url) == PNG
assert interakt.delete_media(image) == {"success": True}

body = {"type": "BODY", "text": "All is well"}
assert interakt.create_template({"name": "made_by_interakt", "category": "UTILITY", "language": "en", "components": [body]})["id"]
assert interakt.templates(name="made_by_interakt")["data"][0]["status"] == "APPROVED"
assert len(interakt.next_page(interakt.templates(limit=5))["data"]) == 5
assert interakt.delete_template("made_by_interakt") == {"success": True}


def not_yours(call):
    answer = requests.get(f"{API}/{WABA}/message_templates", headers=HEADERS | {"x-waba-id": "1"})
    return (answer.status_code, answer.json()["error"]["code"]) == (403, 200)


interakt.refuses("templates", Interakt.templates, not_yours)
interakt.finish("Interakt's documentation", never=[])
