"""What the application may ask of cheroot and WSGI has no word for."""

from __future__ import annotations

from typing import Any

from cheroot.wsgi import Gateway_10

from kiosk.web.shared.streaming_forms import HANG_UP


class KioskGateway(Gateway_10):
    """cheroot's WSGI gateway, with a way to end the connection after the answer.

    After a phone fell silent or broke off, what is left in its connection is no request any more.
    """

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]
        """The environment, and in it the function that hangs up."""
        environ: dict[str, Any] = super().get_environ()
        environ[HANG_UP] = self._hang_up
        return environ

    def _hang_up(self) -> None:
        self.req.close_connection = True
