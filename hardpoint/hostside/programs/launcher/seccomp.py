"""A filter for the few system calls that reach out of namespaces: typing into the terminal that the
sandbox shares with the person's shell, and the kernel's keyrings. All else is left alone."""

import os
import struct

_EPERM, _ENOSYS = 1, 38
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

# machine: [(audit architecture, number of ioctl, numbers of add_key, request_key, keyctl)]
_X86_64 = (0xC000003E, 16, (248, 249, 250))
_X32 = 0x40000000
_CALLS = {
    "x86_64": [
        _X86_64,
        (0x40000003, 54, (286, 287, 288)),  # 32-bit programs
    ],
    "aarch64": [
        (0xC00000B7, 29, (217, 218, 219)),
        (0x40000028, 54, (309, 310, 311)),
    ],
}

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _REQUEST = (
    0,
    4,
    24,
)  # of struct seccomp_data; the lower half of ioctl's second


def program(machine=None):
    """The filter as seccomp(2) wants it, or None for a machine whose numbers we don't know."""
    calls = _CALLS.get(machine or os.uname().machine)
    if calls is None:
        return None
    blocks = [_block(*one) for one in calls]
    code = [(_LOAD, 0, 0, _ARCHITECTURE)]
    for (architecture, _, _), block in zip(calls, blocks):
        code += [(_EQUAL, 0, len(block), architecture), *block]
    code.append((_RETURN, 0, 0, _ERROR | _ENOSYS))  # an architecture that we don't know
    return b"".join(struct.pack("<HBBI", *one) for one in code)


def _block(architecture, ioctl, keys):
    """For one architecture: always ends in a return."""
    code = [(_LOAD, 0, 0, _NUMBER)]
    if architecture == _X86_64[0]:  # x32's calls are x86_64's with a bit more; nothing uses them
        code += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERROR | _ENOSYS)]
    for number in keys:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | _ENOSYS)]
    code += [(_EQUAL, 1, 0, ioctl), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _REQUEST)]
    for request in (_TIOCSTI, _TIOCLINUX):
        code += [(_EQUAL, 0, 1, request), (_RETURN, 0, 0, _ERROR | _EPERM)]
    return [*code, (_RETURN, 0, 0, _ALLOW)]
