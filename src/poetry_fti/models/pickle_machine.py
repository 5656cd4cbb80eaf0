"""A simulation of pickle's stack machine, which constructs no objects and imports no modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.models import joblib_arrays
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickle_arguments import OPCODES, Arguments
from poetry_fti.models.pickle_findings import Findings
from poetry_fti.models.pickle_values import (
    UNKNOWN,
    DType,
    Global,
    Instance,
    build_dtype,
    dtype_of,
)
from poetry_fti.models.python_bytecode import python_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poetry_fti.models.pickle_values import Value
    from poetry_fti.models.stream import Binary

_MOST_INSTRUCTIONS: Final = 10_000_000  # less than a minute
_MOST_VALUES: Final = 1_000_000  # on the stack, and in the memo
_MOST_GLOBALS: Final = 10_000
_LONGEST_TUPLE: Final = 20
_DEEPEST: Final = 20  # pickles within pickles
_DTYPE: Final = Global("numpy", "dtype")
_BUILTIN_TYPE: Final = Global("cloudpickle.cloudpickle", "_builtin_type")
_CODE_TYPES: Final = {Global("types", "CodeType"), Global("builtins", "code")}
_VERSIONS: Final[Mapping[str, str]] = {"_sklearn_version": "scikit-learn"}
_KEYS: Final = joblib_arrays.KEYS | _VERSIONS.keys()


class Machine:
    """Simulates the instructions of one pickle in a file, from the file's position on."""

    def __init__(self, file: Binary, depth: int = 0) -> None:
        self._file = file
        self._depth = depth
        self._arguments = Arguments()
        self._stack: list[Value] = []
        self._marks: list[int] = []
        self._memo: dict[int, Value] = {}
        self.findings = Findings(versions=self._arguments.versions, formats=self._arguments.formats)

    def run(self) -> None:
        """Simulate all instructions up to the end of the pickle.

        Raises MalformedError if it is damaged or exceeds a limit.
        """
        if self._depth > _DEEPEST:
            raise MalformedError("its arrays are nested too deeply")
        for _ in range(_MOST_INSTRUCTIONS):
            code = self._file.read(1)
            if not code:
                raise MalformedError("it is truncated")
            opcode = OPCODES.get(code[0])
            if opcode is None:
                raise MalformedError(f"{code[0]:#04x} is not an instruction of a pickle")
            argument = self._arguments.read(self._file, opcode)
            if opcode.name == "STOP":
                return
            _ACTIONS.get(opcode.name, _push)(self, argument)
            if max(len(self._stack), len(self._memo), len(self._marks)) > _MOST_VALUES:
                raise MalformedError(f"it has more than {_MOST_VALUES:,} values at a time")
        raise MalformedError(f"it has more than {_MOST_INSTRUCTIONS:,} instructions")

    def push(self, value: Value) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def pop(self) -> Value:
        """Take the topmost value from the stack; raise MalformedError if there is none."""
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise MalformedError("its instructions take a value from an empty stack")
        return self._stack.pop()

    def top(self) -> Value:
        """Return the topmost value, which remains on the stack."""
        value = self.pop()
        self.push(value)
        return value

    def mark(self, argument: Value) -> None:  # noqa: ARG002 - the interface of an action
        """Remember the height of the stack."""
        self._marks.append(len(self._stack))

    def pop_mark(self) -> list[Value]:
        """Take all values above the last mark; raise MalformedError if there is none."""
        if not self._marks:
            raise MalformedError("its instructions use a mark that is not set")
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def is_at_mark(self) -> bool:
        """Return whether there is no value above the last mark."""
        return bool(self._marks) and self._marks[-1] == len(self._stack)

    def put(self, index: Value) -> None:
        """Store the topmost value in the memo, by default under the next index."""
        key = index if isinstance(index, int) else len(self._memo)
        self._memo[key] = self.top()

    def get(self, index: Value) -> None:
        """Push a value of the memo; raise MalformedError if there is none."""
        if not isinstance(index, int) or index not in self._memo:
            raise MalformedError("its instructions use a value that is not stored")
        self.push(self._memo[index])

    def refer(self, value: Value) -> None:
        """Push a class or function, and note it."""
        if isinstance(value, Global):
            self.findings.globals.add((value.module, value.name))
            if len(self.findings.globals) > _MOST_GLOBALS:
                raise MalformedError(f"it refers to more than {_MOST_GLOBALS:,} names")
        else:
            self.findings.computed.add("a computed name")
        self.push(value)

    def call(self, maker: Value, arguments: Value, *, by_reduce: bool = True) -> None:
        """Push the result of a call, as far as it is of interest."""
        given = arguments if isinstance(arguments, tuple) else ()
        self.push(self._result(maker, given))
        if by_reduce and not isinstance(maker, Global):
            self.findings.computed.add("a computed function")

    def _result(self, maker: Value, given: tuple[Value, ...]) -> Value:
        if maker == _DTYPE:
            return dtype_of(given)
        if maker == joblib_arrays.WRAPPER:
            return Instance(joblib_arrays.WRAPPER)
        if maker == _BUILTIN_TYPE and given == ("CodeType",):
            return Global("types", "CodeType")
        if maker in _CODE_TYPES and self.findings.python is None:
            self.findings.python = python_of(given)
        return UNKNOWN

    def build(self, argument: Value) -> None:  # noqa: ARG002 - the interface of an action
        """Apply a state to the topmost object; skip the array that follows a wrapper of joblib."""
        state, target = self.pop(), self.top()
        if isinstance(target, DType):
            build_dtype(target, state)
        elif isinstance(target, Instance) and isinstance(state, dict):
            target.state.update(state)
            if joblib_arrays.has_objects(target):
                self._nested()
            else:
                joblib_arrays.skip_array(self._file, target)

    def _nested(self) -> None:
        inner = Machine(self._file, self._depth + 1)
        inner.run()
        found, ours = inner.findings, self.findings
        ours.globals |= found.globals
        ours.computed |= found.computed
        ours.versions.update({**found.versions, **ours.versions})
        ours.formats.update({**found.formats, **ours.formats})
        ours.python = ours.python or found.python

    def set_items(self, target: Value, items: list[Value]) -> None:
        """Store those of alternating keys and values in a dictionary that are of interest."""
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(key, str) and key in _KEYS:
                if isinstance(target, dict):
                    target[key] = value
                if isinstance(value, str) and key in _VERSIONS:
                    self.findings.versions.setdefault(_VERSIONS[key], value)


def _push(machine: Machine, argument: Value) -> None:
    machine.push(argument)


def _nothing(machine: Machine, argument: Value) -> None:
    """Do as PROTO and FRAME, which do not change the stack."""


def _drop(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    machine.pop()


def _drop_marked(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    machine.pop_mark()


def _pop(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    """Take a value, or the last mark if there is no value above it."""
    if machine.is_at_mark():
        machine.pop_mark()
    else:
        machine.pop()


def _new_tuple(machine: Machine, values: list[Value]) -> None:
    machine.push(tuple(values) if len(values) <= _LONGEST_TUPLE else UNKNOWN)


def _new_dict(machine: Machine, items: list[Value]) -> None:
    target: dict[str, Value] = {}
    machine.set_items(target, items)
    machine.push(target)


def _stack_global(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    name, module = machine.pop(), machine.pop()
    is_known = isinstance(name, str) and isinstance(module, str)
    machine.refer(Global(module, name) if is_known else UNKNOWN)  # type: ignore[arg-type]


def _instance(machine: Machine, argument: Value) -> None:
    machine.refer(argument)
    maker, arguments = machine.pop(), machine.pop_mark()
    machine.call(maker, tuple(arguments[:_LONGEST_TUPLE]))


def _object(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    maker, *arguments = machine.pop_mark() or [UNKNOWN]
    machine.call(maker, tuple(arguments[:_LONGEST_TUPLE]), by_reduce=False)


def _call(machine: Machine, *, operands: int, by_reduce: bool) -> None:
    values = [machine.pop() for _ in range(operands)][::-1]
    machine.call(values[0], values[1], by_reduce=by_reduce)


def _extension(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    machine.findings.computed.add("a registered extension")
    machine.push(UNKNOWN)


def _persistent(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    machine.pop()
    machine.push(UNKNOWN)


def _collection(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    machine.pop_mark()
    machine.push(UNKNOWN)


def _set_item(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    value, key = machine.pop(), machine.pop()
    machine.set_items(machine.top(), [key, value])


def _set_items(machine: Machine, argument: Value) -> None:  # noqa: ARG001
    items = machine.pop_mark()
    machine.set_items(machine.top(), items)


_ACTIONS: Final[Mapping[str, Callable[[Machine, Value], None]]] = {
    "PROTO": _nothing,
    "FRAME": _nothing,
    "READONLY_BUFFER": _nothing,
    "MARK": Machine.mark,
    "POP": _pop,
    "POP_MARK": _drop_marked,
    "DUP": lambda machine, _: machine.push(machine.top()),
    "BINPERSID": _persistent,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine.get),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _extension),
    "GLOBAL": Machine.refer,
    "STACK_GLOBAL": _stack_global,
    "INST": _instance,
    "OBJ": _object,
    "REDUCE": lambda machine, _: _call(machine, operands=2, by_reduce=True),
    "NEWOBJ": lambda machine, _: _call(machine, operands=2, by_reduce=False),
    "NEWOBJ_EX": lambda machine, _: _call(machine, operands=3, by_reduce=False),
    "BUILD": Machine.build,
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE": lambda machine, _: _new_tuple(machine, machine.pop_mark()),
    "TUPLE1": lambda machine, _: machine.push((machine.pop(),)),
    "TUPLE2": lambda machine, _: _new_tuple(machine, [machine.pop() for _ in "12"][::-1]),
    "TUPLE3": lambda machine, _: _new_tuple(machine, [machine.pop() for _ in "123"][::-1]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "DICT": lambda machine, _: _new_dict(machine, machine.pop_mark()),
    "LIST": _collection,
    "FROZENSET": _collection,
    "APPEND": _drop,
    "APPENDS": _drop_marked,
    "ADDITEMS": _drop_marked,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
}
