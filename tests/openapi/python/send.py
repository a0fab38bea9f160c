"""A client made from the document sends a message."""

import os

from gateway import AuthenticatedClient
from gateway.api.messages import post_v2_messages_send_text as send_text
from gateway.models import Failure
from gateway.models import PostV2MessagesSendTextBody as Body

client = AuthenticatedClient(base_url=os.environ["BASE_URL"], token=os.environ["TOKEN"])


def send(text):
    fields = {"phoneNumberId": os.environ["PHONE_NUMBER_ID"], "to": "15551234567", "text": text}
    return send_text.sync(client=client, body=Body.from_dict(fields))


sent = send("Hello from Python").data.messages[0].id
assert sent.startswith("wamid."), sent
refused = send("x" * 5000)
assert isinstance(refused, Failure) and refused.error == "VALIDATION_ERROR", refused
print(f"Python sent {sent}")
