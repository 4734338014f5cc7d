"""A forwarded TCP flow: a client's connection (near), the one that carries it onward (far), bytes both ways.

A flow passes only while its owner lets it. While it does not pass, nothing moves in either direction, neither bytes
nor ends nor resets, and all of it waits in the kernel's buffers: to both peers the other has fallen silent, and when
the flow passes again it goes on where it stood, as TCP does by sending again. The owner may also end a flow.

Knows nothing of workers or addresses; the relay and the public address import it.
"""

import asyncio
import socket
from enum import Enum
from typing import Final

from lab.arguments import Endpoint
from lab.sockets import close_with_reset, peer_has_left, raise_if_reset, tcp_socket

_CHUNK: Final = 65536
_DIAL_S: Final = 0.5  # less than the 1 s after which Linux sends a SYN again


class FlowEnd(Enum):
    """How a flow ended, as the logs say it."""

    FINISHED = "finished"
    """Both peers closed."""
    RESET = "reset"
    """One peer reset or vanished; the other one was reset too."""
    REFUSED = "refused"
    """The far side refused; the client, already connected, was reset."""
    LEFT = "left"
    """The client gave up before the far side answered."""
    MOVED = "moved"
    """The owner ended it: the address belongs to another worker now."""
    POWERED_OFF = "powered-off"
    """The owner ended it: the machine that knew this connection was switched off."""


class Flow:
    """One flow from `near`, which it owns, to `target`; `source` is the address that the far side sees.

    It passes while `passing` is set; the owner sets and clears that event, for many flows at once if it likes.
    """

    def __init__(self, near: socket.socket, target: Endpoint, passing: asyncio.Event, source: str | None = None) -> None:
        self._near = near
        self._target = target
        self._passing = passing
        self._source = source
        self._far: socket.socket | None = None
        self._ended_by_owner: asyncio.Future[FlowEnd] = asyncio.get_running_loop().create_future()

    def end(self, how: FlowEnd) -> None:
        """End the flow now: both peers are reset, whether it passes or not; `run` returns `how`."""
        if not self._ended_by_owner.done():
            self._ended_by_owner.set_result(how)

    async def run(self) -> FlowEnd:
        """Forward until the flow ends; all its sockets are closed on return."""
        carrying = asyncio.ensure_future(self._carry())
        await asyncio.wait({carrying, self._ended_by_owner}, return_when=asyncio.FIRST_COMPLETED)
        if self._ended_by_owner.done():
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
            end = self._ended_by_owner.result()
        else:
            end = carrying.result()
        self._close(gently=end in {FlowEnd.FINISHED, FlowEnd.LEFT})
        return end

    async def _carry(self) -> FlowEnd:
        try:
            self._far = await self._dial()
            if self._far is None:
                return FlowEnd.LEFT
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(self._near, self._far))
                pumps.create_task(self._pump(self._far, self._near))
            end = FlowEnd.FINISHED
        except* ConnectionRefusedError:
            end = FlowEnd.REFUSED
        except* OSError:
            end = FlowEnd.RESET
        await self._may_pass()
        return end

    async def _dial(self) -> socket.socket | None:
        """Connect onward; None if the client left while nobody answered. Raises OSError, such as a refusal.

        A try is shorter than the second after which Linux sends a SYN again, so it succeeds at once or not at all, and
        a client that has left meanwhile is never carried onward: without an answer to its SYN it could send nothing.
        """
        far = await self._dial_once()
        while far is None and not peer_has_left(self._near):
            far = await self._dial_once()
        return far

    async def _dial_once(self) -> socket.socket | None:
        far = tcp_socket()
        try:
            if self._source is not None:
                far.bind((self._source, 0))
            async with asyncio.timeout(_DIAL_S):
                await asyncio.get_running_loop().sock_connect(far, self._target)
        except TimeoutError:
            far.close()
            return None
        except BaseException:
            far.close()
            raise
        return far

    async def _pump(self, source: socket.socket, target: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(source, _CHUNK):
            if not await self._may_pass():
                return
            raise_if_reset(source)  # what a peer sent and then gave up must not arrive late
            await loop.sock_sendall(target, data)
        if await self._may_pass():
            target.shutdown(socket.SHUT_WR)

    async def _may_pass(self) -> bool:
        """Wait until the flow passes; False if its owner has ended it instead."""
        while not self._passing.is_set():
            await self._passing.wait()
        return not self._ended_by_owner.done()

    def _close(self, *, gently: bool) -> None:
        for sock in (self._near, self._far):
            if sock is None:
                continue
            if gently:
                sock.close()
            else:
                close_with_reset(sock)
