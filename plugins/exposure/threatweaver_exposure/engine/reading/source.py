"""What reports on source code have in common: evidence in lines."""


def evidence(*lines: object) -> str | None:
    """Return these lines as one text, those that are no text or empty left out; None when none is left."""
    said = [line.rstrip() for line in lines if isinstance(line, str) and line.strip()]
    return "\n".join(said) or None


def spot(file: object, line: object) -> str:
    """Return `file:line`, or the file alone when the line is not known; "" without a file."""
    if not isinstance(file, str) or not file.strip():
        return ""
    known = isinstance(line, int | str) and str(line).strip() not in {"", "0"}
    return f"{file.strip()}:{str(line).strip()}" if known else file.strip()


def labeled(label: str, value: object) -> str:
    """Return `label: value` of a text or a number, "" of anything else."""
    said = str(value).strip() if isinstance(value, str | int | float) else ""
    return f"{label}: {said}" if said else ""
