"""Commands that destroy, force or take rights: one function a class, each says why or nothing.

Each gets the program's name and its arguments, gaps marked, and the shell that they stand in.
"""

import match
from marks import DEEP, literal, shown, unknown

CLOUD = """
terraform|tofu|terragrunt destroy
terraform|tofu|terragrunt apply -destroy|--destroy
pulumi destroy
cdk|sst|copilot destroy
serverless|sls remove
aws s3 rb
aws s3 rm --recursive
aws s3 sync --delete
aws delete-*|terminate-*|purge-*|deregister-*
kubectl|oc|k delete ns|namespace|namespaces|pv|pvc|crd
kubectl|oc|k delete --all|-A|--all-namespaces
helm uninstall|delete
eksctl|kops|kind|minikube|k3d delete
gcloud|az|doctl|linode-cli|hcloud|scw|ibmcloud|oci|openstack|bx delete|rm|purge|destroy|terminate
gsutil rb
gsutil|rclone rm|delete|purge -r|-R|*:*
docker|podman system prune|reset
docker|podman volume rm|prune
dropdb|dropuser *
mysqladmin drop
redis-cli flushall|flushdb|FLUSHALL|FLUSHDB
gh repo|release|secret delete
gh api DELETE|-XDELETE|--method=DELETE
heroku apps:destroy|pg:reset|addons:destroy
flyctl|fly apps|machine|volumes destroy
vercel|netlify|railway remove|rm|delete|sites:delete
npm|pnpm|yarn unpublish
vault delete|destroy|kv
supabase db reset
firebase *:delete
"""
CLOUD = [line.split() for line in CLOUD.strip().splitlines()]
SQL = (
    "drop database",
    "drop schema",
    "drop table",
    "truncate table",
    "dropdatabase(",
    "flushall",
    "delete from",
)

PRIVILEGE = frozenset(
    "sudo sudoedit su doas pkexec run0 visudo setcap "
    "passwd chpasswd usermod useradd adduser userdel groupadd "
    "gpasswd insmod modprobe rmmod mount umount nsenter "
    "chroot newgrp sg runuser machinectl at batch crontab".split()
)
WIPES = frozenset(
    "wipefs blkdiscard fdisk sfdisk sgdisk gdisk parted cfdisk mkswap badblocks lvremove vgremove pvremove "
    "cryptsetup zpool mdadm swapoff hdparm nvme diskutil partprobe".split()
)
HARMLESS_DEVICES = (
    "/dev/null",
    "/dev/zero",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/dev/fd",
    "/dev/shm",
    "/dev/pts",
    "/dev/random",
    "/dev/urandom",
    "/dev/full",
    "/dev/stdin",
)


ACTS = {
    "start",
    "stop",
    "restart",
    "enable",
    "disable",
    "mask",
    "edit",
    "link",
    "daemon-reload",
    "set-property",
}


def privilege(name, arguments, shell):
    if name in PRIVILEGE:
        return name
    if name == "chmod":
        return next(("chmod " + word for word in arguments if _as_owner(word)), "")
    if name in ("docker", "podman") and _whole_host(arguments):
        return name + " with the rights or the files of the host"
    if name == "systemctl" and "--user" not in arguments and ACTS.intersection(arguments):
        return "systemctl " + " ".join(arguments[:2])
    return ""


def _as_owner(mode):
    """Whether a mode lets whoever starts the file be its owner: u+s, 4755."""
    digits = mode.lstrip("0")
    if digits.isdigit():
        return len(digits) > 3 and digits[0] in "2467"
    given = mode.partition("+")[2] + mode.partition("=")[2]
    return "s" in given and not set(mode) & set("/.") and not mode.startswith("-")


def _whole_host(arguments):
    if "--privileged" in arguments or "--pid=host" in arguments:
        return True
    roots = ("/:", "-v/:", "--volume=/:")
    return any(
        word.startswith(roots) or "docker.sock" in word or "source=/," in word or "src=/," in word
        for word in arguments
    )


def disk(name, arguments, shell):
    if name.startswith("mkfs") or name in WIPES or name.startswith("mke2fs"):
        if name in (
            "cryptsetup",
            "zpool",
            "mdadm",
            "hdparm",
            "nvme",
            "diskutil",
            "parted",
            "fdisk",
            "sfdisk",
        ):
            looks = {
                "-l",
                "--list",
                "list",
                "status",
                "info",
                "print",
                "smart-log",
                "--detail",
                "-I",
                "luksDump",
            }
            if looks.intersection(arguments):
                return ""
        return name
    for word in (
        arguments
        if name in ("dd", "shred", "cp", "tee", "mv", "install", "truncate", "cat")
        else ()
    ):
        target = word.partition("of=")[2] if name == "dd" else word
        if device(target):
            return "%s to %s" % (name, shown(target))
    return ""


def device(path):
    """Whether a path is a device that holds data."""
    return path.startswith("/dev/") and not path.startswith(HARMLESS_DEVICES)


def cloud(name, arguments, shell):
    for first, *rest in CLOUD:
        if name in first.split("|") and _in_order(rest, arguments):
            return " ".join([name, *map(shown, arguments[:4])])
    if name in (
        "psql",
        "mysql",
        "mariadb",
        "sqlite3",
        "mongosh",
        "mongo",
        "duckdb",
        "clickhouse-client",
        "redis-cli",
    ):
        text = " ".join(" ".join(arguments).lower().split())
        return next(
            (
                name + ": " + one
                for one in SQL
                if one in text and not (one == "delete from" and " where " in text)
            ),
            "",
        )
    return ""


def _in_order(wanted, words):
    """Whether the words (alternatives with |, * for any text) come in this order among others."""
    place = 0
    for one in wanted:
        options = one.split("|")
        while place < len(words) and not any(
            match.meet(match.tokens(each), words[place]) and not unknown(words[place])
            for each in options
        ):
            place += 1
        if place >= len(words):
            return False
        place += 1
    return True


FILTERS = {"-name", "-iname", "-path", "-regex", "-empty", "-newer", "-mtime"}
REMOVERS = frozenset(("rm", "unlink", "rmdir", "shred", "truncate", "srm", "trash", "wipe"))


def deletion(name, arguments, shell):
    """rm, find -delete and the like, outside the project or of all of it."""
    words, recursive, contents = [], True, False
    if name in REMOVERS:
        words, recursive = _operands(name, arguments), _recursive(arguments)
    elif name == "find" and "-delete" in arguments:
        words, contents = starts(arguments), bool(FILTERS.intersection(arguments))
    elif name == "mv":
        words, recursive = _operands(name, arguments)[:-1], False
    elif name == "rsync" and any(
        one.startswith(("--delete", "--remove-source")) for one in arguments
    ):
        words = _operands(name, arguments)[-1:]
    for word in words:
        why = removal(word, shell, recursive, contents)
        if why:
            return "%s: %s" % (name, why)
    return ""


def _recursive(arguments):
    short = "".join(one for one in arguments if one[:1] == "-" != one[1:2])
    return "r" in short.lower() or "--recursive" in arguments or "--no-preserve-root" in arguments


def _operands(name, arguments):
    plain, taking, ended = (
        [],
        {"truncate": ("-s", "--size", "-r"), "shred": ("-n", "-s")}.get(name, ()),
        False,
    )
    for before, word in zip(["", *arguments], arguments):
        if word == "--" and not ended:
            ended = True
        elif (ended or not word.startswith("-")) and before not in taking:
            plain.append(word)
    return plain


def starts(arguments):
    """The folders that find begins in."""
    found = []
    for word in arguments:
        if word in ("-H", "-L", "-P") or word.startswith("-O"):
            continue
        if word.startswith("-") or word in ("(", "!", ")"):
            break
        found.append(word)
    return found or ["."]


def removal(word, shell, recursive, contents=False):
    """Why a path may not be removed; "" if it may. `contents`: only some of what lies in it."""
    places = shell.places
    if unknown(word):
        known = word[: min(word.find(mark) for mark in word if unknown(mark))]
        folder = known.rpartition("/")[0] or ("/" if known.startswith("/") else "")
        if folder and literal(folder):
            outside = [one for one in places.meant(folder, shell.cwd) if not places.within(one)]
            whole = (
                recursive
                and word.endswith(DEEP)
                and places.project in places.meant(folder, shell.cwd)
            )
            return (
                "%s is %s"
                % (shown(word), "outside the project" if outside else "the whole project")
                if outside or whole
                else ""
            )
        return "what %s is can't be told" % shown(word) if recursive and not known else ""
    bare = word.rstrip("*\ue000").rstrip("/") if recursive else word
    everything = (bare in ("", ".", "./") and word not in ("", ".")) or word.endswith(
        ("/\ue000", "/.\ue000")
    )
    for path in places.meant(bare or "." if everything else word, shell.cwd):
        if (
            path in places.homes
            or path == "/"
            or any(home.startswith(path + "/") for home in places.homes)
        ):
            return "%s is or holds a home" % shown(word)
        if path == places.project and not contents and recursive:
            return "%s is the whole project" % shown(word)
        if (
            recursive
            and (path + "/").startswith(places.project + "/.git/")
            and path.endswith("/.git")
        ):
            return "%s is the repository" % shown(word)
        if path in ("/tmp", "/var/tmp", "/dev/shm") and not contents:
            return "%s belongs to everybody" % shown(word)
        if not places.within(path):
            return "%s is outside the project" % shown(word)
    return ""


CLASSES = {"privilege": privilege, "disk": disk, "cloud": cloud, "delete-outside": deletion}
