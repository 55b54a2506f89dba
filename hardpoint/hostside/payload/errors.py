"""Expected problems, as a code for programs and a sentence for people."""

import contextlib
import errno
import os


class Refusal(Exception):
    """Something that we won't or can't do. `code` is stable, `message` says what, where and what to do."""

    def __init__(self, code, message, **more):
        super().__init__(message)
        self.code = code
        self.message = message
        self.more = more

    def about(self, path):
        """The message with the path that it is about, which an editor of text doesn't know."""
        return self.message if path in self.message else "%s %s" % (path, self.message)


_BY_ERRNO = {
    errno.ENOENT: ("missing", "does not exist"),
    errno.EACCES: ("permission", "is not accessible: run as its owner or as root"),
    errno.EPERM: (
        "permission",
        "may not be changed: run as its owner or as root, and look for an immutable flag (lsattr)",
    ),
    errno.ENOSPC: ("disk-full", "has no space left: free some and run again"),
    errno.EDQUOT: ("disk-full", "is over its owner's quota: free some space and run again"),
    errno.EROFS: (
        "read-only",
        "is on a read-only file system: remount it, or manage this file in the image",
    ),
    errno.ELOOP: ("symlink", "is a symbolic link: links are not followed here"),
    errno.ENOTDIR: ("not-a-directory", "has something that is not a directory in its path"),
    errno.EISDIR: ("not-regular", "is a directory"),
    errno.ENXIO: ("not-regular", "is not a regular file"),
    errno.ESTALE: ("timeout", "is on a file system that no longer answers"),
    errno.EIO: ("io-error", "cannot be read or written: the disk reports an error"),
    errno.ENAMETOOLONG: ("bad-request", "is too long a name"),
}


def refusal(error, where):
    """The Refusal for an OSError that was met at `where`."""
    if error.errno is None:  # one of our own, whose text says all
        return Refusal("io-error", str(error))
    code, words = _BY_ERRNO.get(error.errno, ("io-error", os.strerror(error.errno or 0)))
    return Refusal(code, "%s %s" % (where, words))


@contextlib.contextmanager
def os_errors(where):
    """OSErrors of the block as Refusals about `where`."""
    try:
        yield
    except OSError as error:
        raise refusal(error, where) from None
