"""Ways to reach people: whatever Apprise knows (mail, SMS gateways, chat, webhooks)."""

from apprise import Apprise, AppriseAsset, NotifyFormat, PersistentStoreMode
from apprise.plugins import url_to_dict

from domain.errors import Refused, Temporary
from domain.outbox import Notice

KEY_HEADER = "Idempotency-Key"
"""Header of the HTTP request or the mail by which a receiver knows a repeat."""


class AppriseChannel:
    """One Apprise URL. It says only whether it worked, so every failure to deliver is worth another try.

    Webhooks (json, form, xml) and mail carry the notice's key in a header; other services show no header to the reader
    and get the alert's id in the text.
    """

    def __init__(self, url: str) -> None:
        """Raises Refused for an URL that Apprise does not understand; nothing is opened yet."""
        self._url = url
        # a delivery is one short call in our thread, and what must survive a restart is in our own outbox
        self._asset = AppriseAsset(app_id="citybrain", async_mode=False, storage_mode=PersistentStoreMode.MEMORY)
        self._service(key="")

    def deliver(self, notice: Notice) -> None:
        """Raises Temporary with the service's own words when it was not taken."""
        result = self._service(key=notice.key).notify(
            title=notice.title, body=notice.body, body_format=NotifyFormat.TEXT, interpret_escapes=False
        )
        if not result:
            words = "; ".join(entry.message for entry in result.logs()) or result.status.name.lower()
            raise Temporary(f"route {notice.route}: not taken: {words}; check the receiver and the route's address")

    def _service(self, *, key: str) -> Apprise:
        tokens = url_to_dict(self._url)  # type: ignore[no-untyped-call]  # Apprise types it not yet
        if tokens and "headers" in tokens:
            tokens["headers"] = {**tokens["headers"], KEY_HEADER: key}
        plugin = Apprise.instantiate(tokens, asset=self._asset) if tokens else None
        if plugin is None:
            scheme = self._url.partition(":")[0]
            raise Refused(f"Apprise does not understand this {scheme!r} address; see the Apprise manual for its form")
        service = Apprise(asset=self._asset)
        service.add(plugin)
        return service
