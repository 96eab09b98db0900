"""What the system is asked to do with connections; only Linux ends those that take nothing."""

import asyncio
import socket
import sys

import pytest
from flask import Flask

from tests.web.looping import run_on_a_loop
from web.connections import UNTAKEN_SECONDS
from web.rsgi import Loop
from web.threads import Threads


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends connections that take nothing")
def test_whatever_is_accepted_is_cut_off_when_it_takes_nothing_for_a_while() -> None:
    async def accepted() -> int:
        Loop(Threads(Flask("connections")), None).__rsgi_init__(asyncio.get_running_loop())
        with socket.create_server(("127.0.0.1", 0)) as listener:  # as granian, which listens after it
            await asyncio.sleep(0)
            with socket.create_connection(listener.getsockname()), listener.accept()[0] as connection:
                return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert run_on_a_loop(accepted()) == UNTAKEN_SECONDS * 1000
