#!/bin/bash
# First program of a node, under tini: prepares the machine, then keeps containerd, the kubelet and kube-proxy running.
# Called with: NODE_NUMBER NODE_COUNT
set -u
number=$1 count=$2

mount --make-rshared /   # mounts of pods must be seen by the kubelet and its containers alike

# Control groups version 2: a group with children may hold no processes, so move ours aside and pass the controllers on.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
    sed -e 's/ / +/g' -e 's/^/+/' < /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control || true
fi

# The host plugs the network card in after the start.
until ip -4 addr show eth0 2>/dev/null | grep -q inet; do sleep 0.05; done
sysctl -qw net.ipv4.ip_forward=1
# What was tried in vain on the way to a lost instance must not claim its port for two more minutes (stock): a later
# connection from the same port would be sent to the lost one again, also when all others are well. Seconds.
sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_syn_sent=5 net.netfilter.nf_conntrack_tcp_timeout_fin_wait=10

# Pods neither send nor receive until the agent of the network policies has looked around.
nft -f /opt/holdfast/closed.nft

# Traffic of the node itself to Service addresses needs a route before kube-proxy translates the address.
ip route replace 198.19.0.0/16 dev eth0 metric 4096
for other in $(seq 1 "$count"); do
    [ "$other" = "$number" ] || ip route replace "198.19.$other.0/24" via "198.18.0.$((10 + other))"
done

mkdir -p /etc/cni/net.d /etc/containerd
sed "s/@POD_RANGE@/198.19.$number.0\/24/" /opt/holdfast/cni.conflist > /etc/cni/net.d/10-holdfast.conflist
cp /opt/holdfast/containerd.toml /etc/containerd/config.toml

# Volumes come before the kubelet, which would take an empty folder for one.
/opt/holdfast/volume.sh mount-all /opt/local-path-provisioner

for name in kubeadm kubectl kubelet kube-proxy; do ln -sf /opt/holdfast/kube "/usr/local/bin/$name"; done

log=/var/log/holdfast
mkdir -p "$log"
keep() {  # name, file that must exist first, command...: started again a second after it ended
    local name=$1 needs=$2
    shift 2
    while true; do
        [ -e "$needs" ] && "$@" >> "$log/$name.log" 2>&1
        sleep 0.5
    done &
}

kubelet() {
    local flags=
    [ -f /var/lib/kubelet/kubeadm-flags.env ] && . /var/lib/kubelet/kubeadm-flags.env && flags=${KUBELET_KUBEADM_ARGS:-}
    # shellcheck disable=SC2086  # the flags are words
    /usr/local/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \
        --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml $flags
}

keep containerd /usr/bin/containerd /usr/bin/containerd
keep kubelet /var/lib/kubelet/config.yaml kubelet
keep kube-proxy /etc/kubernetes/kube-proxy.yaml /usr/local/bin/kube-proxy --config=/etc/kubernetes/kube-proxy.yaml --hostname-override="$(hostname)"
wait
