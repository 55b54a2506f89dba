"""The agents' tools as data: what each one's name and arguments mean."""

SHELL, READ, WRITE, SEARCH, FETCH, PATCH, ASK, NOTHING = (
    "shell",
    "read",
    "write",
    "search",
    "fetch",
    "patch",
    "ask",
    "nothing",
)

TOOLS = {  # the tools of an action, their names in lower case, without _ and -
    SHELL: "bash shell runshellcommand localshell execcommand shellcommand runterminalcommand runinterminal "
    "terminal powershell monitor unifiedexec containerexec writestdin writebash",
    READ: "read readfile readmanyfiles view notebookread "
    "viewimage readlines getfile listdirectory ls list glob "
    "filesearch listdir",
    WRITE: "write writefile edit multiedit replace notebookedit "
    "create createfile strreplaceeditor strreplace insert "
    "editfile editfiles editnotebook editnotebookfile "
    "replacestringinfile multireplacestringinfile insertedit "
    "insertedit intofile inserteditintofile createdirectory delete deletefile savememory rename move",
    SEARCH: "grep searchfilecontent grepsearch ripgrep rg findtextinfiles textsearch codesearch",
    FETCH: "webfetch fetch fetchwebpage openurl browse urlfetch opensimplebrowser",
    PATCH: "applypatch patch",
    ASK: "websearch googlewebsearch searchweb exa exawebsearch",
}
ACTIONS = {name: action for action, names in TOOLS.items() for name in names.split()}

COMMANDS = ("command", "cmd", "script", "chars", "input")
PATHS = (
    "file_path", "filePath", "path", "paths",
    "notebook_path", "notebookPath", "absolute_path", "dir_path", "dirPath",
    "filename", "file", "files", "uri", "target_file",
    "include", "old_path", "new_path", "destination", "source", "targetPath",
)  # fmt: skip
FOLDERS = ("workdir", "cwd", "dir_path", "directory", "working_directory", "workingDirectory")
URLS = ("url", "urls", "uri", "prompt")
PATCHES = ("patch", "patchText", "patch_text", "input", "command", "diff")


def action_of(tool):
    """The action of a tool; "" for one that is not known, an MCP server's among them."""
    return ACTIONS.get(tool.replace("_", "").replace("-", "").lower(), "")


def values(arguments, names):
    """The texts among named arguments, lists of texts and of {path: ...} included."""
    found = []
    for name in names:
        value = arguments.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                found += values(one, names)
            elif isinstance(one, str) and one:
                found.append(one)
    return found


def everything(value, depth=0):
    """(key, text) of every text in a value."""
    if depth > 12:
        return
    if isinstance(value, dict):
        for key, one in value.items():
            for inner, text in everything(one, depth + 1):
                yield inner or str(key), text
    elif isinstance(value, list):
        for one in value:
            yield from everything(one, depth + 1)
    elif isinstance(value, str):
        yield "", value
