#!/bin/sh
# Runs inside a fresh image: the people of a workstation, and nothing that acts by the clock.
# $1 is the lab's public key, $2 the password of the one who needs it for sudo.
set -eu

for person in alice bob ops pat nosudo; do
    useradd --create-home --shell /bin/bash "$person"
    usermod --password '*' "$person"
done
usermod --password '*' root
adduser_key() {
    install -d -o "$1" -g "$1" -m 0700 "$2/.ssh"
    printf '%s\n' "$3" > "$2/.ssh/authorized_keys"
    chown "$1:$1" "$2/.ssh/authorized_keys"
    chmod 0600 "$2/.ssh/authorized_keys"
}
adduser_key root /root "$1"
for person in alice bob ops pat nosudo; do
    adduser_key "$person" "/home/$person" "$1"
done

printf 'ops ALL=(ALL:ALL) NOPASSWD: ALL\n' > /etc/sudoers.d/ops
chmod 0440 /etc/sudoers.d/ops
usermod --append --groups sudo pat
printf 'pat:%s\n' "$2" | chpasswd

# Each host brings its own identity.
rm -f /etc/ssh/ssh_host_* /etc/hostname /etc/machine-id /var/lib/dbus/machine-id
ln -s /etc/machine-id /var/lib/dbus/machine-id
printf '# a lab host asks no name server\n' > /etc/resolv.conf

for timer in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim; do
    systemctl disable --quiet "$timer.timer" 2>/dev/null || true
done
apt-get clean
rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt/*
# Nothing is newer than this: no "first boot after an update" work on the hosts.
touch /etc/.updated /var/.updated
