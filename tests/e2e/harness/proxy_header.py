"""PROXY headers, made and read without the code under test."""

import socket
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ALPN, AUTHORITY, CRC32C, UNIQUE_ID, SSL = 1, 2, 3, 5, 0x20


def v1(source, destination):
    return f"PROXY TCP4 {source[0]} {destination[0]} {source[1]} {destination[1]}\r\n".encode()


def v2(source, destination, *tlvs, command=0x21):
    body = (socket.inet_aton(source[0]) + socket.inet_aton(destination[0])
            + struct.pack(">HH", source[1], destination[1]) + b"".join(tlvs))
    return SIGNATURE + bytes([command, 0x11]) + struct.pack(">H", len(body)) + body


def tlv(kind, value):
    return bytes([kind]) + struct.pack(">H", len(value)) + value


def with_sum(source, destination, *tlvs):
    """A version 2 header whose first TLV is its CRC32C."""
    whole = v2(source, destination, tlv(CRC32C, bytes(4)), *tlvs)
    return v2(source, destination, tlv(CRC32C, struct.pack(">I", crc32c(whole))), *tlvs)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def read_tlvs(data):
    """{kind: value} of TLVs that fill `data`."""
    tlvs, at = {}, 0
    while at < len(data):
        size = struct.unpack(">H", data[at + 1:at + 3])[0]
        tlvs[data[at]] = data[at + 3:at + 3 + size]
        at += 3 + size
    assert at == len(data), data
    return tlvs


def read_v2(data):
    """(source, destination, {kind: value}, what follows) of a version 2 header of TCP over IPv4."""
    assert data[:12] == SIGNATURE and data[12] == 0x21 and data[13] == 0x11, data
    end = 16 + struct.unpack(">H", data[14:16])[0]
    source_port, destination_port = struct.unpack(">HH", data[24:28])
    tlvs = read_tlvs(data[28:end])
    if CRC32C in tlvs:
        zeroed = data[:end].replace(tlv(CRC32C, tlvs[CRC32C]), tlv(CRC32C, bytes(4)))
        assert tlvs[CRC32C] == struct.pack(">I", crc32c(zeroed))
    return ((socket.inet_ntoa(data[16:20]), source_port),
            (socket.inet_ntoa(data[20:24]), destination_port), tlvs, data[end:])
