"""How a decoding child locks itself in, before it reads a hostile byte.

    rlimits    memory, processor time, file size 0, few descriptors, no core
    landlock   the kernel opens nothing but the libraries, and no TCP port
    seccomp    no sockets, programs, tracing, mounts, keys or signals to others

They hold even where bubblewrap is missing, and inside it they are the second fence.
Numbers are the kernel's; `lock` reports which layers took, and the parent decides
whether that is enough.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterable, Sequence
from enum import IntFlag
from pathlib import Path
from typing import Final


class Layer(IntFlag):
    """What is in force; rlimits always are."""

    RLIMITS = 1
    LANDLOCK = 2
    SECCOMP = 4


_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SIGKILL = 9


def limit(memory: int, cpu: int, file_bytes: int) -> None:
    """Bind address space (bytes), processor time (seconds) and written bytes."""
    for what, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 2))


def lock(readable: Iterable[Path], *, may_run_programs: bool) -> Layer:
    """Put on every layer this kernel has; programs exclude landlock."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    layers = Layer.RLIMITS
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return layers
    if not may_run_programs and _landlock(readable):
        layers |= Layer.LANDLOCK
    if _seccomp(may_run_programs=may_run_programs):
        layers |= Layer.SECCOMP
    return layers


# Landlock --------------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FS_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}  # how many bits each version knows
_NEWEST_FS_RIGHTS = 16
_TCP_RIGHTS = 3
_SCOPES = 3  # abstract sockets and signals


def _landlock(readable: Iterable[Path]) -> bool:
    version = _LIBC.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    handled = (1 << _FS_RIGHTS.get(version, _NEWEST_FS_RIGHTS)) - 1
    words = [handled]
    if version >= 4:
        words.append(_TCP_RIGHTS)
    if version >= 6:
        words.append(_SCOPES)
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = _LIBC.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow_reading(ruleset, path)
        return bool(_LIBC.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, path: Path) -> None:
    if not path.is_dir():
        return
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, beneath)
        _LIBC.syscall(_ADD_RULE, ruleset, 1, rule, 0)
    finally:
        os.close(beneath)


# Seccomp ---------------------------------------------------------------------------

_MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# name: (x86_64, aarch64); None where the machine has no such call
_NETWORK: Final = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "accept4": (288, 242),
    "bind": (49, 200),
    "listen": (50, 201),
}
_KERNEL: Final = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "mq_open": (240, 180),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
}
_PROGRAMS: Final = {
    "socketpair": (53, 199),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "setrlimit": (160, 164),
    "prlimit64": (302, 261),
}
_CLONE: Final = (56, 220)
_CLONE3 = 435
_CLONE_THREAD = 0x10000
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_X32 = 0x40000000
_FILTER_MODE = 2

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, value


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _seccomp(*, may_run_programs: bool) -> bool:
    machine = os.uname().machine
    if machine not in _MACHINES or sys.byteorder != "little":
        return False
    steps = _steps(machine, may_run_programs=may_run_programs)
    packed = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), packed)
    done = _LIBC.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)
    return bool(done == 0)


def _steps(machine: str, *, may_run_programs: bool) -> list[Step]:
    column = list(_MACHINES).index(machine)
    steps: list[Step] = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQ, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_JUMP_GE, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    refused = {**_NETWORK, **_KERNEL, **({} if may_run_programs else _PROGRAMS)}
    for numbers in refused.values():
        if (number := numbers[column]) is not None:
            steps += _answer(number, _EPERM)
    if not may_run_programs:
        steps += _answer(_CLONE3, _ENOSYS)
        steps += _threads_only(_CLONE[column])
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _answer(number: int, errno: int) -> Sequence[Step]:
    return ((_JUMP_EQ, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno))


def _threads_only(clone: int) -> Sequence[Step]:
    """Clone may start a thread, never a process: its first argument tells."""
    return (
        (_JUMP_EQ, 0, 3, clone),
        (_LOAD, 0, 0, 16),
        (_JUMP_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    )
