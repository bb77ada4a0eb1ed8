"""Plugins that a test writes where the product finds them."""

from pathlib import Path


def write(folder: Path, name: str, files: dict[str, str]) -> Path:
    """Write a package and what makes it an installed one; return the folder for PYTHONPATH."""
    for path, text in files.items():
        target = folder / f"tw_{name}" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    info = folder / f"tw_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tw-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[threatweaver.plugins]\n{name} = tw_{name}.plugin\n")
    return folder
