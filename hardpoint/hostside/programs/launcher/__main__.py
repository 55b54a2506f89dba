"""hardpoint-run: starts a coding agent, or any command, where it sees this project and little else."""

import os
import shutil
import signal
import sys
import uuid

import arguments
import audit
import environment
import excludes
import intent
import kept
import masks
import outside
import places
import seccomp
import toolchains
import tracked
import ways
from errors import Refused
from sandbox import INSIDE, Sandbox
from session import Session, bubblewrap
from state import BELOW, State

REFUSED = 125
PROXY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "proxy")
READ_ONLY = (".gitconfig", ".config/git")
"""Of the person's home: without a name and address nobody can commit."""


def main(words):
    given = arguments.parse(words)
    if os.geteuid() == 0:
        raise Refused("this is for the person who works with the agent, not for root")
    bubblewrap()
    policy = intent.load()
    run = Run(policy, given)
    return run.start()


class Run:
    """What was asked for, made into a sandbox."""

    def __init__(self, policy, given):
        self._policy = policy
        self._profile = _profile(given.profile, policy.profile)
        self._agent = policy.agent(given.command[0]) if self._profile != "sealed" else None
        self._home = places.home()
        self._path = environment.search_path(os.environ)
        self._project = places.project(given.project, self._home, self._sensitive())
        self._program = self._found(given.command[0])
        self._command = [self._program, *given.command[1:]]
        self._nested = os.path.exists(INSIDE)

    def start(self):
        state = State(self._home, self._project)
        state.enter()
        try:
            box = self._sandbox(state)
            entries = (
                None if self._nested else ways.allowed(self._policy, self._profile, self._agent)
            )
            own = self._agent.environment if self._agent else ()
            variables = environment.inside(
                os.environ, self._home, self._path, own, entries is not None
            )
            out = entries is not None and (ways.plain(entries), ways.listeners(entries))
            network = "same" if self._nested and self._profile != "sealed" else "none"
            return self._watched(box.arguments(network), variables, out)
        finally:
            state.leave()

    def _watched(self, made, variables, out):
        event = {
            "agent": self._agent.id if self._agent else "",
            "session": uuid.uuid4().hex,
            "cwd": self._project,
        }
        audit.tell(event, "allow", "started, profile %s" % self._profile, self._program)
        session = Session(PROXY)
        status = session.run(made, seccomp.program(), variables, self._command, out, event)
        audit.tell(event, "", "ended with status %d" % status, self._program)
        return status

    def _sensitive(self):
        policy = self._policy
        patterns = [*policy.protected_home, *policy.persistent_home, BELOW]
        patterns += [one for agent in policy.agents.values() for one in agent.state]
        return places.below(self._home, patterns)

    def _found(self, name):
        agent = self._agent
        program = agent.program if agent and "/" not in name else name
        found = shutil.which(program, path=":".join(self._path))
        if not found:
            raise Refused("%s is not installed: no folder of your PATH has it" % program)
        return os.path.abspath(found)

    def _sandbox(self, state):
        box = Sandbox(self._project, self._home)
        self._show_home(box, state)
        self._show_settings(box, state)
        found = masks.find(self._project, self._policy, self._home)
        box.files, box.folders = found.files, [*box.folders, *found.folders]
        box.system = self._policy.protected_system
        box.writes = self._profile != "research"
        index, common = places.git_folders(self._project)
        if common and not places.is_in(common, self._project):
            box.writable = [common]
        if index:
            shown = tracked.unhidden(index, self._project, found.files)
            box.files = [one for one in found.files if one not in shown]
        if box.writes:
            folders = [common] if common else []
            nested = [one for one in found.repositories if one not in folders]
            stays = kept.find(self._project, self._policy, folders, nested, self._home)
            made = state.stand_in([(one, None) for one in stays.made])
            box.pinned, box.kept = [*stays.pinned, *made], stays.read_only
            box.stand_ins = state.stand_in(stays.missing)
            hidden = [*box.files, *box.folders, *box.stand_ins]
            for folder in folders:
                box.instead += excludes.covered(folder, self._project, hidden, state.keep_exclude)
        for path in self._agent.copied if self._agent else ():
            own = os.path.join(self._project, path)
            if os.path.isdir(own) and not os.path.islink(own):
                box.copies.append((state.copy(own), own))
        return box

    def _show_home(self, box, state):
        real = os.path.realpath(self._home)
        secrets = places.below(self._home, self._policy.protected_home)
        shown, box.links = toolchains.find(real, self._program, self._path, self._project, secrets)
        box.read_only = [(one, one) for one in shown]
        if self._profile == "sealed":
            return
        settings = list(READ_ONLY)
        if self._agent:
            settings += self._settings()
        sources = {one: os.path.realpath(os.path.join(real, one)) for one in settings}
        there = {
            one: source
            for one, source in sources.items()
            if os.path.exists(source) and not any(places.overlap(source, two) for two in secrets)
        }
        if self._agent:
            # a whole folder of state among the settings is one that the agent insists on writing to
            copies = {one: there.pop(one) for one in self._agent.state if one in there}
            box.private = state.home_of(self._agent, settings, copies)
        box.read_only += [(source, os.path.join(real, one)) for one, source in there.items()]

    def _show_settings(self, box, state):
        """The machine's settings for the agent, as they are in here."""
        if self._nested or not self._agent:
            return
        documents, box.folders = outside.of(self._agent.id)
        for number, (path, text) in enumerate(documents.items()):
            name = "settings-%s-%d" % (self._agent.id, number)
            box.settings.append((state.keep(name, text), path))

    def _settings(self):
        """Below a home: the agent's settings, and what else of its state no agent may write."""
        agent = self._agent
        more = [
            one
            for one in self._policy.persistent_home
            if any(places.is_in(one, state) and one != state for state in agent.state)
        ]
        return [*agent.settings, *more]


def _profile(asked, policys):
    """The profile of this run: the policy's, or a stricter one."""
    if asked and intent.PROFILES.index(asked) > intent.PROFILES.index(policys):
        raise Refused("the policy of this machine has profile %s: not %s" % (policys, asked))
    return asked or policys


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except Refused as reason:
        sys.stderr.write("hardpoint-run: %s\n" % reason)
        code = REFUSED
    except OSError as problem:
        sys.stderr.write("hardpoint-run: nothing was started: %s\n" % problem)
        code = REFUSED
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    sys.exit(code)
