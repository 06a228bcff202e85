"""The embedded platform: a real Kubernetes on a bare Debian machine, nodes as podman containers set up by kubeadm."""
