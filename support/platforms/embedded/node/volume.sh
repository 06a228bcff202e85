#!/bin/sh
# Volumes that have a size: each is a file with a file system of its own, mounted where the pod's folder is. A volume
# that is full is full for its owner alone; the disk of the machine, which is the host's, is not filled by it.
# Called in the machine: volume.sh make FOLDER BYTES, volume.sh remove FOLDER, volume.sh mount-all FOLDER
set -eu

# The kernel makes loop devices as they are needed, but nobody in a machine makes their names.
name_devices() {
    number=0
    while [ "$number" -lt 128 ]; do   # three machines share the host's devices: nine volumes are a system's
        [ -e "/dev/loop$number" ] || mknod -m 660 "/dev/loop$number" b 7 "$number" || true
        number=$((number + 1))
    done
}

# Without barriers: what a store has written through is in the memory of the host, which outlives every machine, and no
# store waits for the disk of the host, where any other program may hold it up for a second and more.
mount_disk() {
    mount -t ext4 -o loop,barrier=0 "$1.disk" "$1"
}

attach() {
    mkdir -p "$1"
    # Only the power of the host itself can leave a file system in disorder.
    mountpoint -q "$1" || mount_disk "$1" || { e2fsck -f -y "$1.disk" || true; mount_disk "$1"; }
    chmod 0777 "$1"
}

case $1 in
make)
    mkdir -p "$2"
    chmod 0777 "$2"
    [ -e /dev/loop-control ] || exit 0   # without such devices a volume is a folder, as large as the machine's disk
    if [ ! -e "$2.disk" ]; then
        truncate -s "$3" "$2.new"
        # No blocks are kept back for root, and no time is spent on clearing what a sparse file has as zeros anyway.
        mkfs.ext4 -q -m 0 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$2.new"
        mv "$2.new" "$2.disk"
    fi
    attach "$2"
    rmdir "$2/lost+found" 2>/dev/null || true
    ;;
remove)
    ! mountpoint -q "$2" || umount "$2" || umount --lazy "$2"
    rm -rf "$2" "$2.disk" "$2.new"
    ;;
mount-all)
    name_devices
    for disk in "$2"/*.disk; do
        [ ! -e "$disk" ] || attach "${disk%.disk}"
    done
    ;;
esac
