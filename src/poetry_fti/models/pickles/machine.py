"""A simulation of pickle's stack machine, which constructs no objects and imports no modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickles import joblib_arrays
from poetry_fti.models.pickles.arguments import OPCODES, Arguments
from poetry_fti.models.pickles.memo import Memo
from poetry_fti.models.pickles.python_bytecode import python_of
from poetry_fti.models.pickles.stack import Stack
from poetry_fti.models.pickles.values import (
    UNKNOWN,
    ArrayWrapper,
    DType,
    Global,
    build_dtype,
    dtype_of,
    without_nested,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Sized

    from poetry_fti.models.pickles.findings import Findings
    from poetry_fti.models.pickles.values import Value
    from poetry_fti.models.stream import Binary

_MOST_INSTRUCTIONS: Final = 10_000_000  # less than a minute
_MOST_NAMES: Final = 10_000
_LONGEST_TUPLE: Final = 20
_DTYPE: Final = Global("numpy", "dtype")
_BUILTIN_TYPE: Final = Global("cloudpickle.cloudpickle", "_builtin_type")
_IMPORT: Final = Global("cloudpickle.cloudpickle", "subimport")
_CODE_TYPES: Final = (Global("types", "CodeType"), Global("builtins", "code"))
_VERSIONS: Final[Mapping[str, str]] = {"_sklearn_version": "scikit-learn"}


class Machine:
    """Simulates the instructions of a pickle in a file, from the file's position on."""

    def __init__(self, file: Binary, findings: Findings, *, is_nested: bool = False) -> None:
        self._file = file
        self._findings = findings
        self._arguments = Arguments(findings)
        self._is_nested = is_nested
        self.stack = Stack()
        self.memo = Memo()

    def run(self) -> None:
        """Simulate all instructions up to the end of the pickle.

        Raises MalformedError if it is damaged or exceeds a limit.
        """
        while self._findings.instructions < _MOST_INSTRUCTIONS:
            self._findings.instructions += 1
            code = self._file.read(1)
            if not code:
                raise MalformedError("it is truncated")
            opcode = OPCODES.get(code[0])
            if opcode is None:
                raise MalformedError(f"{code[0]:#04x} is not an instruction of a pickle")
            argument = self._arguments.read(self._file, opcode)
            if opcode.name == "STOP":
                return
            action = _ACTIONS.get(opcode.name)
            if action:
                action(self, argument)
            else:
                self.stack.push(argument)
        raise MalformedError(f"it has more than {_MOST_INSTRUCTIONS:,} instructions")

    def refer(self, value: Value) -> None:
        """Push a class or function, and note it."""
        if isinstance(value, Global):
            # The same object for each occurrence saves memory.
            value = self._findings.globals.setdefault(value, value)
            _require_few(self._findings.globals)
        else:
            self._findings.computed.add("a computed name")
        self.stack.push(value)

    def extension(self) -> None:
        """Push a class that is registered under a number, which is not known here."""
        self._findings.computed.add("a registered extension")
        self.stack.push(UNKNOWN)

    def reduce(self, maker: Value, arguments: Sequence[Value]) -> None:
        """Push the result of a call, and note a call of what is not a class or function."""
        self.stack.push(self._result(maker, arguments))
        if not isinstance(maker, Global):
            self._findings.computed.add("a computed function")

    def make(self, maker: Value, arguments: Sequence[Value]) -> None:
        """Push a new instance of a class; where it is not a class, pickle raises an error."""
        self.stack.push(self._result(maker, arguments))

    def _result(self, maker: Value, arguments: Sequence[Value]) -> Value:
        if maker == _DTYPE:
            return dtype_of(arguments)
        if maker == joblib_arrays.WRAPPER:
            return ArrayWrapper()
        if maker == _BUILTIN_TYPE and arguments == ("CodeType",):
            return Global("types", "CodeType")
        if maker == _IMPORT and arguments and isinstance(arguments[0], str):
            self._findings.modules.add(arguments[0])
            _require_few(self._findings.modules)
        if maker in _CODE_TYPES and self._findings.python is None:
            self._findings.python = python_of(arguments)
        return UNKNOWN

    def build(self) -> None:
        """Apply a state to the topmost object; skip the array that follows a wrapper of joblib."""
        state, target = self.stack.pop(), self.stack.top()
        if isinstance(target, DType):
            build_dtype(target, state)
        elif isinstance(target, ArrayWrapper) and isinstance(state, dict) and not self._is_nested:
            if joblib_arrays.has_objects(state):
                self._nested_pickle()
            else:
                joblib_arrays.skip_array(self._file, state)

    def _nested_pickle(self) -> None:
        # It is a pickle without joblib's arrays, so there is one level only.
        Machine(self._file, self._findings, is_nested=True).run()

    def set_items(self, target: Value, items: Sequence[Value]) -> None:
        """Store those of alternating keys and values in a dictionary that are of interest."""
        for key, value in zip(items[::2], items[1::2], strict=False):
            if not isinstance(key, str):
                continue
            if key in _VERSIONS and isinstance(value, str):
                self._findings.versions.setdefault(_VERSIONS[key], value)
            elif key in joblib_arrays.KEYS and isinstance(target, dict):
                target[key] = joblib_arrays.kept(value)

    def set_item(self) -> None:
        """Take a value and a key, and store them in the dictionary below them."""
        value, key = self.stack.pop(), self.stack.pop()
        self.set_items(self.stack.top(), [key, value])


def _require_few(names: Sized) -> None:
    if len(names) > _MOST_NAMES:
        raise MalformedError(f"it refers to more than {_MOST_NAMES:,} names")


def _ignore(machine: Machine, argument: Value) -> None:
    """Do as PROTO and FRAME, which do not change the stack."""


def _pop(machine: Machine, _: Value) -> None:
    """Take a value, or the last mark if there is no value above it."""
    if machine.stack.is_at_mark():
        machine.stack.pop_mark()
    else:
        machine.stack.pop()


def _put(machine: Machine, index: Value) -> None:
    if not isinstance(index, int):
        raise MalformedError("its instructions store a value without a number")
    machine.memo.put(index, machine.stack.top())


def _get(machine: Machine, index: Value) -> None:
    machine.stack.push(machine.memo.get(index if isinstance(index, int) else -1))


def _tuple(machine: Machine, values: list[Value]) -> None:
    is_short = len(values) <= _LONGEST_TUPLE
    machine.stack.push(tuple(map(without_nested, values)) if is_short else UNKNOWN)


def _popped(machine: Machine, count: int) -> list[Value]:
    """Take values from the stack, and return them in the order in which they were pushed."""
    return [machine.stack.pop() for _ in range(count)][::-1]


def _dict(machine: Machine, _: Value) -> None:
    target: dict[str, Value] = {}
    machine.set_items(target, machine.stack.pop_mark())
    machine.stack.push(target)


def _collection(machine: Machine, _: Value) -> None:
    machine.stack.pop_mark()
    machine.stack.push(UNKNOWN)


def _set_items(machine: Machine, _: Value) -> None:
    items = machine.stack.pop_mark()
    machine.set_items(machine.stack.top(), items)


def _persistent(machine: Machine, _: Value) -> None:
    machine.stack.pop()
    machine.stack.push(UNKNOWN)


def _stack_global(machine: Machine, _: Value) -> None:
    module, name = _popped(machine, 2)
    is_known = isinstance(name, str) and isinstance(module, str)
    machine.refer(Global(module, name) if is_known else UNKNOWN)  # type: ignore[arg-type]


def _reduce(machine: Machine, _: Value) -> None:
    maker, arguments = _popped(machine, 2)
    machine.reduce(maker, _sequence(arguments))


def _make(machine: Machine, values: Sequence[Value]) -> None:
    machine.make(values[0], _sequence(values[1]))


def _object(machine: Machine, _: Value) -> None:
    # Pickle calls what it finds, also if that is not a class.
    maker, *arguments = machine.stack.pop_mark() or [UNKNOWN]
    machine.reduce(maker, arguments)


def _instance(machine: Machine, argument: Value) -> None:
    machine.refer(argument)
    maker, arguments = machine.stack.pop(), machine.stack.pop_mark()
    machine.reduce(maker, arguments)


def _sequence(value: Value) -> Sequence[Value]:
    return value if isinstance(value, tuple) else ()


_ACTIONS: Final[Mapping[str, Callable[[Machine, Value], object]]] = {
    **dict.fromkeys(("PROTO", "FRAME", "READONLY_BUFFER"), _ignore),
    "MARK": lambda machine, _: machine.stack.mark(),
    "POP": _pop,
    "POP_MARK": lambda machine, _: machine.stack.pop_mark(),
    "DUP": lambda machine, _: machine.stack.push(machine.stack.top()),
    "BINPERSID": _persistent,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    "MEMOIZE": lambda machine, _: machine.memo.put(None, machine.stack.top()),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), lambda machine, _: machine.extension()),
    "GLOBAL": Machine.refer,
    "STACK_GLOBAL": _stack_global,
    "INST": _instance,
    "OBJ": _object,
    "REDUCE": _reduce,
    "NEWOBJ": lambda machine, _: _make(machine, _popped(machine, 2)),
    "NEWOBJ_EX": lambda machine, _: _make(machine, _popped(machine, 3)),
    "BUILD": lambda machine, _: machine.build(),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.push(()),
    "TUPLE": lambda machine, _: _tuple(machine, machine.stack.pop_mark()),
    "TUPLE1": lambda machine, _: _tuple(machine, _popped(machine, 1)),
    "TUPLE2": lambda machine, _: _tuple(machine, _popped(machine, 2)),
    "TUPLE3": lambda machine, _: _tuple(machine, _popped(machine, 3)),
    "EMPTY_DICT": lambda machine, _: machine.stack.push({}),
    "DICT": _dict,
    "LIST": _collection,
    "FROZENSET": _collection,
    "APPEND": lambda machine, _: machine.stack.pop(),
    "APPENDS": lambda machine, _: machine.stack.pop_mark(),
    "ADDITEMS": lambda machine, _: machine.stack.pop_mark(),
    "SETITEM": lambda machine, _: machine.set_item(),
    "SETITEMS": _set_items,
}
