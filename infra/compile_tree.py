"""Compiles every module below a folder to bytecode that is loaded without looking at the source again.

Run by the interpreter that the bytecode is for, as ``python compile_tree.py FOLDER``, or inside Pyodide with ``FOLDER``
set: so it uses the standard library only. Prints the version that it compiled for.
"""

import pathlib
import py_compile
import sys
from importlib.util import cache_from_source

# Where Lambda unpacks a zip. Stands in the bytecode, which is therefore the same wherever it was compiled.
TASK_ROOT = pathlib.PurePosixPath("/var/task")


def compile_tree(folder: pathlib.Path) -> None:
    """Compile each ``.py`` below ``folder`` into the ``__pycache__`` beside it; a module that cannot be is an error.

    Unchecked-hash bytecode (PEP 552): no time stamps, so the same source makes the same bytes, and no look at the
    source when it is imported. The optimisation is written out because it would otherwise depend on flags.
    """
    for source in sorted(folder.rglob("*.py")):
        py_compile.compile(
            str(source),
            cfile=cache_from_source(str(source), optimization=""),
            dfile=str(TASK_ROOT / source.relative_to(folder).as_posix()),
            doraise=True,
            optimize=0,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    compile_tree(pathlib.Path(globals().get("FOLDER") or sys.argv[1]))
    print(".".join(map(str, sys.version_info[:2])))  # noqa: T201  # the answer to the process that called
