"""What is known of programs, as data: how their arguments are to be read."""

SHELLS = frozenset("sh bash dash zsh ksh mksh ash fish rbash".split())

INTERPRETERS = {  # the options that are followed by program text; "" also: the first argument is program text
    "python": ("-c",),
    "pypy": ("-c",),
    "node": ("-e", "--eval", "-p", "--print", "-pe"),
    "nodejs": ("-e", "--eval", "-p", "--print", "-pe"),
    "bun": ("-e", "--eval", "-p", "--print"),
    "deno": ("eval",),
    "perl": ("-e", "-E"),
    "ruby": ("-e",),
    "php": ("-r",),
    "lua": ("-e",),
    "luajit": ("-e",),
    "julia": ("-e", "-E"),
    "Rscript": ("-e",),
    "R": ("-e",),
    "osascript": ("-e",),
    "tclsh": (),
    "awk": ("",),
    "gawk": ("",),
    "mawk": ("",),
    "nawk": ("",),
    "sqlite3": (),
    "psql": ("-c", "--command"),
    "mysql": ("-e", "--execute"),
    "vim": ("-c",),
    "vi": ("-c",),
    "ex": ("-c",),
    "nvim": ("-c",),
    "emacs": ("--eval",),
    "gdb": ("-ex",),
}

WRAPPERS = {  # options that take a value, and how many words stand before the command
    "env": ("-u --unset -C --chdir -S --split-string", 0),
    "sudo": ("-u -g -h -p -C -D -R -T -U --user --group --host --prompt --chdir", 0),
    "doas": ("-u -C", 0),
    "pkexec": ("--user", 0),
    "run0": ("-u --user", 0),
    "nohup": ("", 0),
    "nice": ("-n --adjustment", 0),
    "ionice": ("-c -n -p --class --classdata", 0),
    "timeout": ("-k -s --kill-after --signal", 1),
    "gtimeout": ("-k -s --kill-after --signal", 1),
    "stdbuf": ("-i -o -e", 0),
    "setsid": ("", 0),
    "time": ("-f -o", 0),
    "command": ("", 0),
    "builtin": ("", 0),
    "exec": ("-a", 0),
    "chroot": ("", 1),
    "unshare": ("", 0),
    "nsenter": ("-t", 0),
    "setpriv": ("--reuid --regid", 0),
    "busybox": ("", 0),
    "toybox": ("", 0),
    "watch": ("-n --interval", 0),
    "strace": ("-e -o -p -s", 0),
    "ltrace": ("-e -o -p -s", 0),
    "gdb": None,
    "taskset": ("", 1),
    "chrt": ("", 1),
    "flock": ("-w -E", 1),
    "parallel": ("-j --jobs", 0),
    "systemd-run": ("-p --property --unit --slice -E --setenv", 0),
    "systemd-inhibit": ("", 0),
    "proxychains": ("-f", 0),
    "proxychains4": ("-f", 0),
    "torsocks": ("", 0),
    "firejail": ("", 0),
    "bwrap": None,
    "dbus-run-session": ("", 0),
    "xvfb-run": ("-s -n", 0),
    "caffeinate": ("-t -w", 0),
    "npx": ("-p --package", 0),
    "bunx": ("", 0),
    "uvx": ("--from --with", 0),
    "unbuffer": ("", 0),
    "eatmydata": ("", 0),
    "fakeroot": ("", 0),
    "ld.so": ("", 0),
    "ld-linux-x86-64.so.2": ("", 0),
    "ld-linux-aarch64.so.1": ("", 0),
}
WRAPPERS = {name: (set(found[0].split()), found[1]) for name, found in WRAPPERS.items() if found}

NO_PATHS = frozenset(
    ": true false echo printf basename dirname tr expr seq sleep date type which test [ [[ (( kill wait "
    "export local declare typeset readonly unset alias set shopt ulimit umask trap exit return break "
    "continue history jobs read let whoami id hostname uname nproc arch".split()
)
"""Their arguments name no file that they open."""
NAMES_ONLY = frozenset("ls stat file du tree realpath readlink rmdir".split())
"""They tell that a file is there, not what is in it."""

PATTERN_FIRST = {  # the first argument is a pattern or program, unless one of these gives it
    name: {"-e", "-f", "--regexp", "--file", "--expression"}
    for name in "grep egrep fgrep zgrep rg ag ack sed gsed awk gawk mawk jq yq".split()
}
TEXT_OPTIONS = frozenset(
    "--exclude --exclude-dir --include --ignore --glob --iglob -name -iname -path -ipath -wholename "
    "--grep --author --message --title --body --format --pretty --ignore-file-name --label --subject".split()
)
"""Options whose value is text, not a file."""
MESSAGES = {
    "git": {"-m", "--message"},
    "gh": {"-t", "-b", "--title", "--body"},
    "rg": {"-g"},
    "docker": {"-t"},
}

RECURSIVE = {  # what reads a whole folder; the options without which it does not ("": always)
    "grep": "-r -R --recursive --dereference-recursive",
    "egrep": "-r -R --recursive",
    "fgrep": "-r -R --recursive",
    "rg": "--hidden -u -uu -uuu -. --unrestricted",
    "ag": "--hidden -u",
    "tar": "",
    "bsdtar": "",
    "zip": "-r -R",
    "7z": "",
    "7za": "",
    "cp": "-r -R -a -rf -Rf --recursive --archive",
    "scp": "-r",
    "rsync": "",
    "mv": "",
    "cpio": "",
    "rclone": "",
    "restic": "",
    "ln": "",
    "docker": "-v --volume --mount",
    "podman": "-v --volume --mount",
    "diff": "-r --recursive",
    "git": "--no-index",
    "pax": "",
}
RECURSIVE = {name: frozenset(options.split()) for name, options in RECURSIVE.items()}

WRITES_ALL = frozenset(
    "tee touch truncate chmod chown chgrp rm unlink rmdir shred sponge mkfifo mknod ed ex vi vim nvim nano "
    "emacs setfacl chattr".split()
)
WRITES_LAST = frozenset("cp install ln rsync scp mv ginstall".split())
WRITES_IN_PLACE = {
    "sed": ("-i", "--in-place"),
    "gsed": ("-i",),
    "perl": ("-i",),
    "yq": ("-i", "--inplace"),
    "ruby": ("-i",),
}
WRITES_OPTION = {
    "curl": {"-o", "--output", "-D", "--dump-header", "-c", "--cookie-jar", "--trace", "--stderr"},
    "wget": {"-O", "--output-document", "-o", "--output-file", "-P", "--directory-prefix"},
    "sort": {"-o", "--output"},
    "unzip": {"-d"},
    "gcc": {"-o"},
    "openssl": {"-out"},
    "tar": {"-C", "--directory"},
}

READ_ONLY = frozenset(
    "ls cat head tail grep egrep fgrep rg ag find fd wc "
    "sort uniq cut tr sed awk jq yq diff comm file stat du df "
    "tree pwd cd echo printf test [ [[ (( : true false "
    "basename dirname realpath readlink which type command date "
    "env uname whoami id hostname nproc ps seq expr sleep git xargs column nl od xxd hexdump strings md5sum "
    "sha1sum sha256sum cmp less more rev fold paste join "
    "tac time timeout export local declare set unset read "
    "for exit return let".split()
)
"""What the profile `research` may run."""
GIT_READS = frozenset(
    "status log diff show blame grep ls-files ls-tree "
    "ls-remote rev-parse rev-list describe branch tag remote "
    "cat-file shortlog reflog config merge-base name-rev whatchanged help version".split()
)

FETCHERS = frozenset(
    "curl wget http https xh aria2c fetch lynx w3m links elinks ftp lftp nc ncat netcat socat".split()
)
DECODERS = frozenset(
    "base64 base32 base58 basenc openssl gpg gunzip zcat "
    "bzcat xzcat unxz uudecode xxd uncompress zstdcat lz4cat".split()
)
PASSING = frozenset(
    "cat tee head tail grep sed awk tr cut sort uniq rev jq dd pv tac nl less column strings".split()
)
"""What they print is made of what they read."""


def base(program):
    """A program's name without folder and version: /usr/bin/python3.11 is python."""
    name = program.rsplit("/", 1)[-1]
    stem = name.rstrip("0123456789.")
    return stem if stem in ("python", "pypy", "perl", "ruby", "php", "lua", "node") else name
