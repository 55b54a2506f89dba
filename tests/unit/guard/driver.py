"""Many tool calls judged in one process, as the guard runs: python3 -I -S driver.py PROGRAM.

stdin: {"policy", "home", "cwd", "cases": [[tool, arguments, cwd or null], ...]}; stdout:
[[rule, reason], ...], ["", ""] for what is allowed, ["crash", ...] for a mistake of the guard.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
sys.setrecursionlimit(3000)

from call import judged  # noqa: E402
from judge import Denied, Judge  # noqa: E402
from paths import Places  # noqa: E402
from policy import Policy  # noqa: E402

request = json.load(sys.stdin)
verdicts = []
for tool, arguments, cwd in request["cases"]:
    policy = Policy(request["policy"], "claude-code")
    places = Places(policy, cwd or request["cwd"], request["home"])
    try:
        judged(Judge(policy, places), tool, arguments, cwd or request["cwd"])
        verdicts.append(["", ""])
    except Denied as denied:
        verdicts.append([denied.rule, denied.reason])
    except Exception as error:
        verdicts.append(["crash", repr(error)])
json.dump(verdicts, sys.stdout)
