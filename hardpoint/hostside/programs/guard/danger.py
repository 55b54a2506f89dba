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


def privilege(name, arguments, shell):  # noqa: C901
    if name in PRIVILEGE:
        return name
    if name == "chmod":
        for word in arguments:
            digits = word.lstrip("0")
            octal = digits.isdigit() and len(digits) > 3 and digits[0] in "2467"
            if octal or (
                ("+" in word or "=" in word)
                and "s" in word.partition("+")[2] + word.partition("=")[2]
                and not word.startswith("-")
                and "/" not in word
                and "." not in word
            ):
                return "chmod " + word
    if name in ("docker", "podman"):
        whole = " ".join(arguments)
        if "--privileged" in arguments or "docker.sock" in whole or "--pid=host" in arguments:
            return name + " with the rights of the host"
        for word in arguments:
            if (
                word.startswith(("/:", "-v/:", "--volume=/:"))
                or "source=/," in word
                or "src=/," in word
            ):
                return name + " with the whole file system"
    if name == "systemctl" and "--user" not in arguments:
        acts = {
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
        if acts.intersection(arguments):
            return "systemctl " + " ".join(arguments[:2])
    return ""


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


def deletion(name, arguments, shell):  # noqa: C901
    """rm, find -delete and the like, outside the project or of all of it."""
    if name in ("rm", "unlink", "rmdir", "shred", "truncate", "srm", "trash", "wipe"):
        options = "".join(
            one for one in arguments if one.startswith("-") and not one.startswith("--")
        )
        whole = (
            "r" in options.lower()
            or "--recursive" in arguments
            or "--no-preserve-root" in arguments
        )
        for word in _operands(name, arguments):
            why = removal(word, shell, whole)
            if why:
                return "%s: %s" % (name, why)
    if name == "find" and any(one == "-delete" for one in arguments):
        named = any(
            one in ("-name", "-iname", "-path", "-regex", "-empty", "-newer", "-mtime")
            for one in arguments
        )
        for word in starts(arguments):
            why = removal(word, shell, True, contents=named)
            if why:
                return "find -delete: " + why
    if name == "mv":
        for word in _operands(name, arguments)[:-1]:
            why = removal(word, shell, False)
            if why:
                return "mv: " + why
    if name == "rsync" and any(
        one.startswith(("--delete", "--remove-source")) for one in arguments
    ):
        for word in _operands(name, arguments)[-1:]:
            why = removal(word, shell, True)
            if why:
                return "rsync --delete: " + why
    return ""


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
