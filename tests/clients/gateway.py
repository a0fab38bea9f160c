"""What the Python programs share: where the gateway is, and which calls a library made."""

import inspect
import json
import os
import time
import urllib.error
import urllib.request

URL = os.environ["BASE_URL"]
TOKEN = os.environ["TOKEN"]
NUMBER = os.environ["PHONE_NUMBER_ID"]
WABA = os.environ["WABA_ID"]
CUSTOMER = "15551234567"


def ask(path, body=None, **headers):
    """The gateway's own API, for what the libraries have no words for."""
    headers |= {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    body = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(URL + path, body, headers)) as answer:
        return json.load(answer)["data"]


def assert_recorded(sent):
    """Each message gets a record, a moment after its answer, and the record says the same of it."""
    until = time.monotonic() + 10
    for kind, wamid in sent:
        record = None
        while record is None:
            try:
                record = ask(f"/v2/messages/{wamid}")
            except urllib.error.HTTPError:
                assert time.monotonic() < until, f"no record of {kind} {wamid}"
                time.sleep(0.05)
        assert record["kind"] == kind, f"sent as {kind}, recorded as {record['kind']}"


class Counted:
    """A client that remembers which of its methods were called, and how many calls went well."""

    def __init__(self, client):
        self._client, self._called, self._sent = client, set(), []
        self.calls = self.refusals = 0

    def __getattr__(self, name):
        method = getattr(self._client, name)

        def call(*values, **named):
            self._called.add(name)
            answer = method(*values, **named)
            self.calls += 1
            return answer

        return call

    def sent(self, kind, wamid):
        """What a call has sent, and what the gateway should call it."""
        self._sent.append((kind, wamid))

    def refuses(self, name, call, refusal):
        """A call that is not offered here is refused as Meta refuses: `refusal` reads how."""
        self._called.add(name)
        assert refusal(call), name
        self.refusals += 1

    def finish(self, library, never):
        """Tells the count, once every public method was called or stands in `never`."""
        of_class = vars(type(self._client)).items()
        every = {name for name, of in of_class if inspect.isfunction(of) and name[0] != "_"}
        forgotten = every - self._called - set(never)
        assert not forgotten, f"never called: {sorted(forgotten)}"
        assert set(never) <= every - self._called, sorted(set(never) - (every - self._called))
        assert_recorded(self._sent)
        print(f"{library}: {self.calls} calls, {self.refusals} others refused as Meta refuses")
