"""Places, people and money: who is on the list, who is in the reserve, and which rule put them there.

The plan is places × rate and may exceed the fund; awards are people and never do. Pure: frames, a policy and
parameters in, frames out; every result carries its steps.
"""

from __future__ import annotations

from casework.allocation.allocate import Allocation, allocate
from casework.allocation.parameters import Extra, Parameters, parse_settings
from casework.allocation.quota import plan
from casework.allocation.ranking import Tie
from casework.apportionment import apportion

__all__ = ["Allocation", "Extra", "Parameters", "Tie", "allocate", "apportion", "parse_settings", "plan"]
