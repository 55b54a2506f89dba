"""Edits with their exact text, format by format: (style, before, key, value, after).

Plain data: other Pythons run the same table (test_formats.py).
"""

COMPOSE = """\
# my stack
x-logging: &logging   # shared
  driver: json-file

services:
  ollama:   # the server
    image: "ollama/ollama:latest"
    profiles: ['gpu', "all"]
    ports:
      - 11434:11434   # api
      - "8080:80"
    environment:
      OLLAMA_HOST: 0.0.0.0   # everywhere
      OLLAMA_ORIGINS: '*'
    logging: *logging

  webui: &webui
    image: ghcr.io/open-webui/open-webui
    ports: ["3000:8080", 3001:8081]
    deploy: {resources: {limits: {memory: 4G}}}
    volumes:
  second:
    <<: *webui
    container_name: second
---
other: document
"""

QUADLET = """\
# comment
[Unit]
Description=Ollama

[Container]
Image=docker.io/ollama/ollama
PublishPort=11434:11434
; another
PublishPort=8080:80
Exec=serve \\
  # why
  --all

[Install]
WantedBy=default.target
"""

STREAMLIT = """\
[global]

# Level of logging.
# disableWatchdogWarning = false

[server]
# The address where the server listens.
# Default: (unset)
# address =
port = 8501   # mine
folders = [ "a", # one
  'b' ]
nested = {}
a.b = 1

[browser.more]
gatherUsageStats = true
"""

JUPYTER = """\
# Configuration file for jupyter-server: é.

c = get_config()  #noqa

## The IP address the Jupyter server will listen on.
#  Default: 'localhost'
# c.ServerApp.ip = 'localhost'
c.ServerApp.ip = '127.0.0.2'
c.ServerApp.ip = '0.0.0.0'  # é everywhere

words = "é"; c.ServerApp.port = 8888
c.ServerApp.extra_list = [
    "a",  # one
    "b",
]
c.ServerApp.allow_origin = ("*")
"""


def within(style, text, key, value, old, new):
    """A case in which `old` becomes `new` and nothing else."""
    assert text.count(old) == 1, old
    return style, text, key, value, text.replace(old, new)


CASES = [
    within(
        "yaml", COMPOSE, ["services", "ollama", "ports", "0"], "127.0.0.1:11434:11434",
        "- 11434:11434   # api", "- 127.0.0.1:11434:11434   # api",
    ),
    within(
        "yaml", COMPOSE, ["services", "ollama", "ports", "1"], "127.0.0.1:8080:80",
        '"8080:80"', '"127.0.0.1:8080:80"',
    ),
    within(
        "yaml", COMPOSE, ["services", "ollama", "ports"], ["127.0.0.1:11434:11434"],
        'ports:\n      - 11434:11434   # api\n      - "8080:80"\n',
        'ports: ["127.0.0.1:11434:11434"]\n',
    ),
    within(
        "yaml", COMPOSE, ["services", "ollama", "environment", "OLLAMA_HOST"], "127.0.0.1",
        "0.0.0.0   #", "127.0.0.1   #",
    ),
    within(
        "yaml", COMPOSE, ["services", "ollama", "environment", "OLLAMA_ORIGINS"], "http://localhost",
        "'*'", "'http://localhost'",
    ),
    within(
        "yaml", COMPOSE, ["services", "ollama", "environment", "DEBUG"], "no",
        "OLLAMA_ORIGINS: '*'\n", "OLLAMA_ORIGINS: '*'\n      DEBUG: \"no\"\n",
    ),
    within(
        "yaml", COMPOSE, ["services", "webui", "ports", "1"], "127.0.0.1:3001:8081",
        "3001:8081", "127.0.0.1:3001:8081",
    ),
    within(
        "yaml", COMPOSE, ["services", "webui", "deploy", "resources", "limits", "cpus"], 2,
        "{memory: 4G}", "{memory: 4G, cpus: 2}",
    ),
    within(
        "yaml", COMPOSE, ["services", "webui", "volumes", "a", "b"], True,
        "volumes:\n", "volumes:\n      a:\n        b: true\n",
    ),
    within(
        "yaml", COMPOSE, ["services", "second", "container_name"], "third",
        "container_name: second", "container_name: third",
    ),
    within(
        "yaml", COMPOSE, ["services", "second", "environment", "A"], "",
        "container_name: second\n", 'container_name: second\n    environment:\n      A: ""\n',
    ),
    within(
        "yaml", COMPOSE, ["services", "ollama", "logging"], {"driver": "none"},
        "logging: *logging", 'logging: {"driver": "none"}',
    ),
    within(
        "yaml", COMPOSE, ["x-logging", "driver"], "none", "driver: json-file", "driver: none",
    ),
    ("yaml", "", ["a", "b"], 1, "a:\n  b: 1\n"),
    ("yaml", "# only a comment", ["a"], 1, "# only a comment\na: 1"),
    ("yaml", "---\n", ["a"], 1, "---\na: 1\n"),
    ("yaml", "a: {}\n", ["a", "b"], 1, "a: {b: 1}\n"),
    ("yaml", "a: 1\r\nb:\r\n    c: 2\r\n", ["b", "d", "e"], 3,
     "a: 1\r\nb:\r\n    c: 2\r\n    d:\r\n        e: 3\r\n"),
    ("yaml", "\ufeffa: 1", ["b"], "x: y", '\ufeffa: 1\nb: "x: y"'),
    ("yaml", '{"a": 1, "b": [1, 2]}\n', ["b", "1"], 5, '{"a": 1, "b": [1, 5]}\n'),
    ("yaml", "a: |\n  text\n  more\nb: 1\n", ["a"], "short", "a: short\nb: 1\n"),
    ("yaml", "list:\n- name: x\n  host: 0.0.0.0\n- name: y\n", ["list", "0", "port"], 1,
     "list:\n- name: x\n  host: 0.0.0.0\n  port: 1\n- name: y\n"),
    ("yaml", "8080: &p 1\nx: *p\n", ["8080"], 2, "8080: &p 2\nx: *p\n"),
    within("toml", STREAMLIT, ["server", "port"], 8502, "8501", "8502"),
    within(
        "toml", STREAMLIT, ["server", "address"], "127.0.0.1",
        "a.b = 1\n", 'a.b = 1\naddress = "127.0.0.1"\n',
    ),
    within("toml", STREAMLIT, ["server", "folders", "1"], "c", "'b'", "'c'"),
    within("toml", STREAMLIT, ["server", "folders"], ["x"], "[ \"a\", # one\n  'b' ]", '["x"]'),
    within("toml", STREAMLIT, ["server", "nested", "x", "y"], 1, "{}", "{ x = { y = 1 } }"),
    within("toml", STREAMLIT, ["server", "a", "c"], False, "a.b = 1\n", "a.b = 1\na.c = false\n"),
    within(
        "toml", STREAMLIT, ["server", "sub", "key"], "v",
        "Stats = true\n", 'Stats = true\n\n[server.sub]\nkey = "v"\n',
    ),
    within(
        "toml", STREAMLIT, ["browser", "serverAddress"], "localhost",
        "Stats = true\n", 'Stats = true\n\n[browser]\nserverAddress = "localhost"\n',
    ),
    within("toml", STREAMLIT, ["global", "x"], 1.5, "[global]\n", "[global]\nx = 1.5\n"),
    within("toml", STREAMLIT, ["top"], True, "[global]\n", "top = true\n[global]\n"),
    ("toml", "", ["server", "address"], "::1", '[server]\naddress = "::1"\n'),
    ("toml", "a = 1", ["b", "c"], "x", 'a = 1\n\n[b]\nc = "x"'),
    ("toml", "a=1\r\n[b]\r\n  c=2\r\n", ["b", "d"], 3, "a=1\r\n[b]\r\n  c=2\r\n  d=3\r\n"),
    ("toml", "a = '''x\ny'''\n", ["a"], "it's", 'a = "it\'s"\n'),
    ("toml", '[[t]]\nn = 1\n[[t]]\nn = 2\n', ["t", "0", "n"], 5, '[[t]]\nn = 5\n[[t]]\nn = 2\n'),
    ("toml", '"a b" = 1\n', ["c d"], "\x7f", '"a b" = 1\n"c d" = "\\u007f"\n'),
    within(
        "ini", QUADLET, ["Container", "PublishPort", "0"], "127.0.0.1:11434:11434",
        "=11434:11434", "=127.0.0.1:11434:11434",
    ),
    within(
        "ini", QUADLET, ["Container", "PublishPort", "1"], "127.0.0.1:8080:80",
        "=8080:80", "=127.0.0.1:8080:80",
    ),
    within(
        "ini", QUADLET, ["Container", "PublishPort", "2"], "127.0.0.1:1:1",
        "=8080:80\n", "=8080:80\nPublishPort=127.0.0.1:1:1\n",
    ),
    within("ini", QUADLET, ["Container", "Exec"], "serve", "serve \\\n  # why\n  --all", "serve"),
    within("ini", QUADLET, ["Container", "Network"], "none", "  --all\n", "  --all\nNetwork=none\n"),
    within(
        "ini", QUADLET, ["Service", "Restart"], "no",
        "default.target\n", "default.target\n\n[Service]\nRestart=no\n",
    ),
    ("ini", "", ["a", "b"], "c", "[a]\nb=c\n"),
    ("ini", "[server]\r\nhost = x\r\n", ["server", "port"], "1", "[server]\r\nhost = x\r\nport = 1\r\n"),
    ("ini", "[a]\n  b: 1", ["a", "b"], "2", "[a]\n  b: 2"),
    ("ini", "x = 1\n", ["", "x"], "", "x = \n"),
    ("ini", "[a]\n\n[b]\nc=1\n[a]\nd=2\n", ["a", "e"], "3", "[a]\n\n[b]\nc=1\n[a]\nd=2\ne=3\n"),
    within("python", JUPYTER, ["ServerApp", "ip"], "127.0.0.1", "'0.0.0.0'", "'127.0.0.1'"),
    within("python", JUPYTER, ["ServerApp", "port"], 1, "8888", "1"),
    within("python", JUPYTER, ["ServerApp", "allow_origin"], "", '("*")', '("")'),
    within(
        "python", JUPYTER, ["ServerApp", "extra_list"], ["x"],
        '[\n    "a",  # one\n    "b",\n]', "['x']",
    ),
    within(
        "python", JUPYTER, ["ServerApp", "open_browser"], False,
        '("*")\n', '("*")\nc.ServerApp.open_browser = False\n',
    ),
    ("python", "", ["ServerApp", "token"], "it's", 'c.ServerApp.token = "it\'s"\n'),
    ("python", "\ufeffc.A.b = 1\r\n", ["A", "b"], None, "\ufeffc.A.b = None\r\n"),
    ("python", "x = 1", ["A", "b"], "y", 'x = 1\nc.A.b = "y"'),
]  # fmt: skip
