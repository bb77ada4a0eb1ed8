"""What a license says of single plugins: which versions, and optionally exactly which wheel."""

from collections.abc import Callable

from packaging.specifiers import SpecifierSet

from threatweaver.plugins import integrity
from threatweaver.plugins.manifest import Manifest
from threatweaver_licensing import Claims, PluginConstraint
from threatweaver_licensing.constraints import distribution_name


def of(claims: Claims | None) -> Callable[[Manifest], str | None]:
    """Return a function that says why the license keeps an installed plugin out, None if it does not."""
    known = {item.name: item for item in claims.plugins} if claims else {}

    def check(manifest: Manifest) -> str | None:
        dist = manifest.entry_point.dist
        found = known.get(distribution_name(dist.name)) if dist is not None else None
        return None if found is None else _wrong(manifest, found)

    return check


def _wrong(manifest: Manifest, constraint: PluginConstraint) -> str | None:
    if not SpecifierSet(constraint.versions).contains(manifest.version, prereleases=True):
        return f"the license allows {constraint.name} {constraint.versions}; this is {manifest.version}"
    if constraint.sha256 is not None:
        found = integrity.inspect(manifest)
        if found.problems:
            return f"it is not as it was installed: {found.problems[0]}"
        if found.digest != constraint.sha256:
            return "the license allows another wheel of this version"
    return None
