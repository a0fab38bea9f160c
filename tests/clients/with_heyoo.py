"""heyoo: every call that it has."""

import importlib.metadata
import os
import tempfile

from heyoo import WhatsApp

from gateway import CUSTOMER, NUMBER, TOKEN, URL, Counted

client = WhatsApp(TOKEN, phone_number_id=NUMBER)
client.base_url = client.v15_base_url = f"{URL}/v23.0"
client.url = f"{client.base_url}/{NUMBER}/messages"
wa = Counted(client)

LINK = "https://example.com/"
WAMID = "wamid.HBgLMTU1NTEyMzQ1Njc="
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def sent(kind, answer):
    assert "error" not in answer, answer
    wa.sent(kind, answer["messages"][0]["id"])


def messages():
    sent("text", wa.send_message("Hello", CUSTOMER))
    sent("text", wa.reply_to_message(WAMID, CUSTOMER, "A reply"))
    sent("text", wa.send_custom_json({"messaging_product": "whatsapp", "type": "text", "text": {"body": "By hand"}}, CUSTOMER))
    sent("reaction", wa.send_reaction("👍", WAMID, CUSTOMER))
    sent("location", wa.send_location("52.5", "13.4", "Here", "Street 1", CUSTOMER))
    sent("contacts", wa.send_contacts([{"name": {"formatted_name": "Ada L", "first_name": "Ada"}}], CUSTOMER))
    rows = [{"id": "1", "title": "One", "description": ""}, {"id": "2", "title": "Two", "description": "Second"}]
    menu = {"button": "Choose", "sections": [{"title": "All", "rows": rows}]}
    button = {"header": "Head", "body": "Body", "footer": "Foot", "action": menu}
    assert wa.create_button(button)["type"] == "list"
    sent("interactive/list", wa.send_button(button, CUSTOMER))
    replies = [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]
    reply = {"type": "button", "body": {"text": "Well?"}, "action": {"buttons": replies}}
    sent("interactive/button", wa.send_reply_button(reply, CUSTOMER))
    sent("template", wa.send_template("hello_world", CUSTOMER, components=[], lang="en_US"))
    assert wa.mark_as_read(WAMID) == {"success": True}


def media(directory):
    path = os.path.join(directory, "a.png")
    with open(path, "wb") as file:
        file.write(PNG)
    # The whole path is its file name.
    image = wa.upload_media(path)["id"]
    sent("media", wa.send_image(image, CUSTOMER, link=False))
    sent("media", wa.send_image(LINK + "a.png", CUSTOMER, caption="By its link"))
    sent("media", wa.send_document(image, CUSTOMER, link=False))
    sent("media", wa.send_document(LINK + "a.pdf", CUSTOMER, filename="a.pdf"))
    sent("media", wa.send_video(LINK + "a.mp4", CUSTOMER))
    sent("media", wa.send_audio(LINK + "a.mp3", CUSTOMER))
    sent("sticker", wa.send_sticker(LINK + "a.webp", CUSTOMER))
    url = wa.query_media_url(image)
    assert url.startswith(URL), url
    saved = wa.download_media(url, "image/png", os.path.join(directory, "b"))
    with open(saved, "rb") as file:
        assert file.read() == PNG
    assert wa.delete_media(image) == {"success": True}
    assert wa.query_media_url(image) is None


messages()
with tempfile.TemporaryDirectory() as directory:
    media(directory)
READERS = """preprocess is_message get_mobile get_name get_message get_message_id get_message_timestamp
get_interactive_response get_location get_image get_document get_audio get_video get_message_type
get_delivery changed_field"""
# These read what a webhook was sent, and call nobody; webhook.py has them read one.
wa.finish(f"heyoo {importlib.metadata.version('heyoo')}", never=READERS.split())
