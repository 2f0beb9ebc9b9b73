// Runs compile_tree.py inside Pyodide: CPython 3.13 for WebAssembly. Called as: node compile_tree.mjs PYODIDE FOLDER SCRIPT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, folder, script] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideFolder, "pyodide.mjs")).href);
// A fixed hash seed: nothing in the bytecode may depend on the order of a set.
const python = await loadPyodide({ indexURL: pyodideFolder, env: { HOME: "/", PYTHONHASHSEED: "0" } });
python.mountNodeFS("/bundle", folder);
const globals = python.toPy({ __name__: "__main__", FOLDER: "/bundle" });
python.runPython(readFileSync(script, "utf-8"), { globals, filename: "compile_tree.py" });
