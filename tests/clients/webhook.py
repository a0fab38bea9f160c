"""A receiver of our webhooks, built on the published standardwebhooks library."""

import importlib.metadata
import os
import queue
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from heyoo import WhatsApp
from standardwebhooks import Webhook, WebhookVerificationError

from gateway import NUMBER, ask

arrived = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        arrived.put((body, dict(self.headers)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Not every call is worth a line."""


def customer_writes(number):
    command = [os.environ["AVENPING"], "sandbox", "inbound", "--data-dir", os.environ["DATA_DIR"]]
    command += ["--text", "Hi", "--from", number, "--name", "Ada"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def verified(secret, wait):
    """The next event that arrives, as the library lets it through."""
    body, headers = arrived.get(timeout=wait)
    try:
        Webhook(secret).verify(body.replace(b"}", b"} ", 1), headers)
    except WebhookVerificationError:
        return Webhook(secret).verify(body, headers)
    raise AssertionError("a tampered body was let through")


def told_of(number, secret):
    """What is told when a customer writes who is new here; less if it does not come."""
    told = {}
    customer_writes(number)
    while told.keys() != EVENTS:
        try:
            event = verified(secret, wait=3)
        except queue.Empty:
            break
        # Statuses of what the other programs sent come in envelopes, too.
        told |= event if reader.is_message(event.get("metaEvent", MESSAGE)) else {}
    return told


EVENTS = {"newLead", "newMessage", "metaEvent"}
MESSAGE = {"entry": [{"changes": [{"value": {"messages": []}}]}]}
reader = WhatsApp("no token", NUMBER)
server = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"
config = ask("/v2/webhooks/config", {"webhookUrl": url, "events": sorted(EVENTS)})

# A change of the settings counts within a second, so the first customer may come too early.
for customer in ("15557654321", "15557654322", "15557654323"):
    told = told_of(customer, config["signingSecret"])
    if told.keys() == EVENTS:
        break
assert told.keys() == EVENTS, told
assert told["newLead"]["phoneNumber"] == customer, told
assert told["newMessage"]["text"] == {"body": "Hi"}, told
# Meta's own envelope, read by a library that was made for Meta's webhooks.
event = told["metaEvent"]
assert event["object"] == "whatsapp_business_account" and reader.changed_field(event) == "messages"
assert (reader.get_mobile(event), reader.get_name(event)) == (customer, "Ada"), event
assert (reader.get_message_type(event), reader.get_message(event)) == ("text", "Hi"), event

ask("/v2/webhooks/config", {"webhookUrl": "", "events": ["newLead", "newMessage"]})
server.shutdown()
library = f"standardwebhooks {importlib.metadata.version('standardwebhooks')}"
print(f"{library}: {len(EVENTS)} kinds of events verified, tampered ones refused")
