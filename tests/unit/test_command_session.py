"""What a plugin's command may ask for, and only a plugin's command."""

import pytest

from threatweaver.sdk import run_in_tenant


async def work():
    return 7


def test_only_a_plugins_command_runs_as_a_tenant():
    with pytest.raises(RuntimeError, match="no command of a plugin"):
        run_in_tenant("acme.count_things", work)
