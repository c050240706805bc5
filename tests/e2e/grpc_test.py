"""gRPC through the proxy: the four kinds of call, errors, deadlines and cancellation."""

import queue
import threading
from concurrent import futures

import grpc
import pytest

from harness.wait import wait_until

CONFIG = """
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend calls
    bind "127.0.0.1:{port}" proto h2
    default_backend services
backend services
    server s1 {server} proto h2
"""


class Service(grpc.GenericRpcHandler):
    """Methods over plain bytes."""

    def __init__(self):
        self.cancelled = threading.Event()
        self.kinds = {
            "unary": grpc.unary_unary_rpc_method_handler(self._unary),
            "download": grpc.unary_stream_rpc_method_handler(self._download),
            "upload": grpc.stream_unary_rpc_method_handler(self._upload),
            "talk": grpc.stream_stream_rpc_method_handler(self._talk),
            "stuck": grpc.unary_unary_rpc_method_handler(self._stuck),
        }

    def service(self, handler_call_details):
        return self.kinds.get(handler_call_details.method.rsplit("/", 1)[1])

    @staticmethod
    def _unary(request, context):
        if request == b"absent":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
        context.set_trailing_metadata((("x-trailer", "kept"),))
        return request + b"!"

    @staticmethod
    def _download(request, _):
        for _ in range(100):
            yield request * 5000

    @staticmethod
    def _upload(requests, _):
        return str(sum(len(request) for request in requests)).encode()

    @staticmethod
    def _talk(requests, _):
        for request in requests:
            yield request[::-1]

    def _stuck(self, _, context):
        context.add_callback(self.cancelled.set)
        self.cancelled.wait(10)
        return b""


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def channel(proxy, stage, service):
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((service,))
    server_port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    port = stage.port()
    proxy.start(CONFIG.format(port=port, server=f"127.0.0.1:{server_port}"))
    with grpc.insecure_channel(f"{proxy.host}:{port}") as opened:
        yield opened
    server.stop(None)


def test_unary_call_with_trailing_metadata(channel):
    answer, call = channel.unary_unary("/t.T/unary").with_call(b"hi", timeout=5)
    assert answer == b"hi!"
    assert ("x-trailer", "kept") in [tuple(item) for item in call.trailing_metadata()]


def test_errors_keep_their_code_and_text(channel):
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/t.T/unary")(b"absent", timeout=5)
    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.NOT_FOUND,
                                                             "no such thing")


def test_an_error_of_trailers_alone(channel):
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/t.T/unknown")(b"x", timeout=5)
    assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_server_streaming(channel):
    assert sum(map(len, channel.unary_stream("/t.T/download")(b"ab", timeout=10))) == 1_000_000


def test_client_streaming(channel):
    assert channel.stream_unary("/t.T/upload")(iter([b"x" * 50_000] * 20), timeout=10) == b"1000000"


def test_both_directions_take_turns(channel):
    requests = queue.Queue()
    call = channel.stream_stream("/t.T/talk")(iter(requests.get, None), timeout=10)
    for i in range(20):
        requests.put(b"word%d" % i)
        assert next(call) == (b"word%d" % i)[::-1]
    requests.put(None)
    assert list(call) == []


def test_a_deadline_reaches_the_server_as_a_cancellation(channel, service):
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/t.T/stuck")(b"", timeout=0.3)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    wait_until(service.cancelled.is_set)


def test_a_cancelled_call_reaches_the_server(channel, service):
    call = channel.unary_unary("/t.T/stuck").future(b"")
    threading.Timer(0.1, call.cancel).start()
    with pytest.raises(grpc.FutureCancelledError):
        call.result()
    wait_until(service.cancelled.is_set)
