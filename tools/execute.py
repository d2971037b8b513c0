"""Run one chapter in a process of its own: ``python -m tools.execute JOB``.

Writes the executed notebook and, last, the facts of the run. Both appear
whole or not at all.
"""

import json
import logging
import os
import re
import resource
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

LAST_LINES = 12
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def main(job: dict) -> int:
    """Run a job; 0 when the chapter ran to its end.

    Args:
        job: ``source`` and ``output`` (the executed notebook), ``name``,
            ``parameters``, ``stamp``, ``facts`` (commit, device, ...).
    """
    output = Path(job["output"])
    output.parent.mkdir(parents=True, exist_ok=True)
    running = output.with_name(f"{output.stem}.{os.getpid()}.tmp")
    began = time.perf_counter()
    error = None
    try:
        notebook = read(Path(job["source"]))
        executed = run(notebook, running, job["parameters"], output.parent)
        hide_injected(executed)
        save(executed, running)
        running.replace(output)
    except Exception as reason:  # whatever it is, the report names it
        error = describe(reason, Path(job["source"]))
        output.unlink(missing_ok=True)
    finally:
        running.unlink(missing_ok=True)
    outcome = {
        "chapter": job["name"],
        "status": "failed" if error else "ok",
        "seconds": round(time.perf_counter() - began, 2),
        "peak_memory_mb": peak_memory_mb(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "parameters": job["parameters"],
        "stamp": job["stamp"],
        "error": error,
        **job["facts"],
    }
    temporary = running.with_suffix(".json.tmp")
    temporary.write_text(json.dumps(outcome, indent=1) + "\n")
    temporary.replace(output.with_suffix(".json"))
    return 1 if error else 0


def read(source: Path):
    """The notebook that a text chapter stands for.

    Raises:
        ValueError: it has no cell tagged ``parameters``.
    """
    import jupytext

    notebook = jupytext.read(source)
    tagged = [
        "parameters" in cell.metadata.get("tags", [])
        for cell in notebook.cells
    ]
    if not any(tagged):
        raise ValueError(
            f"{source} has no cell tagged 'parameters'; it needs one that "
            "sets profile, seed and data_root"
        )
    return notebook


def run(notebook, running: Path, parameters: dict, folder: Path):
    """Execute all cells, in the folder of the result, as nbval does."""
    import papermill

    logging.getLogger("papermill").setLevel(logging.ERROR)
    return papermill.execute_notebook(
        notebook,
        running,
        parameters=parameters,
        kernel_name="python3",
        cwd=folder,
        progress_bar=False,
        request_save_on_cell_execute=False,
    )


def hide_injected(notebook) -> None:
    """Readers see the chapter's own parameter cell, not papermill's."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "injected-parameters" in tags and "remove-cell" not in tags:
            cell.metadata["tags"] = [*tags, "remove-cell"]


def save(notebook, path: Path) -> None:
    """Write a notebook."""
    import nbformat

    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def describe(reason: Exception, source: Path) -> dict:
    """Which cell failed, on which line, and the last lines of its error."""
    from papermill.exceptions import PapermillExecutionError

    cell = line = None
    if isinstance(reason, PapermillExecutionError):
        text = ANSI.sub("", "\n".join(reason.traceback))
        cell, line = locate(reason.source, source)
    else:
        text = f"{type(reason).__name__}: {reason}"
    lines = [line for line in text.splitlines() if line.strip()]
    return {"cell": cell, "line": line, "lines": lines[-LAST_LINES:]}


def locate(code: str, source: Path) -> tuple[int | None, int | None]:
    """Number of a code cell and its first line in the text chapter."""
    import jupytext

    cells = [c for c in jupytext.read(source).cells if c.cell_type == "code"]
    sources = [cell.source for cell in cells]
    cell = sources.index(code) + 1 if code in sources else None
    found = source.read_text(encoding="utf-8").partition(code)
    return cell, found[0].count("\n") + 1 if found[1] else None


def peak_memory_mb() -> int:
    """Largest memory of any process that the chapter's kernel was or began."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(peak / unit)


def end_with_parent() -> None:
    """Stop when the build is killed, so that nothing runs on unseen."""
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(json.loads(sys.argv[1])))
