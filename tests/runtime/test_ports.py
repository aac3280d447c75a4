"""Ports: what is taken, what is free, and who answers."""

import socket

import pytest

from runtime.ports import accepts, any_free, is_taken, next_free


def test_a_port_that_somebody_listens_on_is_taken_and_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert is_taken(port)
        assert accepts(port)


def test_a_port_is_free_again_after_its_server_has_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not is_taken(port)
    assert not accepts(port)


def test_the_next_free_port_passes_over_the_taken_ones() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert next_free(port - 1, tries=50) > port


def test_no_free_port_among_those_tried_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(OSError, match=f"no free port between {port} and {port} on 127.0.0.1"):
            next_free(port - 1, tries=1)


def test_free_ports_are_different_and_free() -> None:
    ports = any_free(5)
    assert len(set(ports)) == 5
    assert not any(is_taken(port) for port in ports)


def test_ports_to_avoid_are_not_given() -> None:
    avoided = range(1, 65_536, 2)
    assert all(port % 2 == 0 for port in any_free(1, avoid=avoided))
