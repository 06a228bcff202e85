"""The kinds of objects the suite knows: their group and version, their plural, and whether they live in a namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """Where objects of one kind are found in the API."""

    api: str  # "v1" or "<group>/<version>"
    name: str  # as in an object's `kind`
    plural: str  # as in the address
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api.rpartition("/")[0]

    def path(self, namespace: str | None, name: str = "", subresource: str = "") -> str:
        """The address of the collection (no name), of one object, or of a part of it.

        Raises ValueError for an object of a namespace when no namespace is given.
        """
        root = f"/api/{self.api}" if "/" not in self.api else f"/apis/{self.api}"
        if namespace and self.namespaced:
            root += f"/namespaces/{namespace}"
        elif name and self.namespaced:
            raise ValueError(f'{self.plural} "{name}" cannot be addressed without a namespace')
        return "/".join(part for part in (root, self.plural, name, subresource) if part)


_CLUSTER_WIDE = False

# The key is the word that callers use: the plural, or another word where two groups share a plural.
_KINDS: dict[str, Kind] = {
    "pods": Kind("v1", "Pod", "pods"),
    "services": Kind("v1", "Service", "services"),
    "endpoints": Kind("v1", "Endpoints", "endpoints"),
    "configmaps": Kind("v1", "ConfigMap", "configmaps"),
    "secrets": Kind("v1", "Secret", "secrets"),
    "events": Kind("v1", "Event", "events"),
    "serviceaccounts": Kind("v1", "ServiceAccount", "serviceaccounts"),
    "persistentvolumeclaims": Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    "resourcequotas": Kind("v1", "ResourceQuota", "resourcequotas"),
    "limitranges": Kind("v1", "LimitRange", "limitranges"),
    "nodes": Kind("v1", "Node", "nodes", _CLUSTER_WIDE),
    "namespaces": Kind("v1", "Namespace", "namespaces", _CLUSTER_WIDE),
    "persistentvolumes": Kind("v1", "PersistentVolume", "persistentvolumes", _CLUSTER_WIDE),
    "deployments": Kind("apps/v1", "Deployment", "deployments"),
    "statefulsets": Kind("apps/v1", "StatefulSet", "statefulsets"),
    "daemonsets": Kind("apps/v1", "DaemonSet", "daemonsets"),
    "replicasets": Kind("apps/v1", "ReplicaSet", "replicasets"),
    "controllerrevisions": Kind("apps/v1", "ControllerRevision", "controllerrevisions"),
    "jobs": Kind("batch/v1", "Job", "jobs"),
    "cronjobs": Kind("batch/v1", "CronJob", "cronjobs"),
    "horizontalpodautoscalers": Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    "poddisruptionbudgets": Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    "networkpolicies": Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    "ingresses": Kind("networking.k8s.io/v1", "Ingress", "ingresses"),
    "ingressclasses": Kind("networking.k8s.io/v1", "IngressClass", "ingressclasses", _CLUSTER_WIDE),
    "leases": Kind("coordination.k8s.io/v1", "Lease", "leases"),
    "endpointslices": Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    "roles": Kind("rbac.authorization.k8s.io/v1", "Role", "roles"),
    "rolebindings": Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    "clusterroles": Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", _CLUSTER_WIDE),
    "clusterrolebindings": Kind(
        "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", _CLUSTER_WIDE
    ),
    "storageclasses": Kind("storage.k8s.io/v1", "StorageClass", "storageclasses", _CLUSTER_WIDE),
    "priorityclasses": Kind("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", _CLUSTER_WIDE),
    "apiservices": Kind("apiregistration.k8s.io/v1", "APIService", "apiservices", _CLUSTER_WIDE),
    "customresourcedefinitions": Kind(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", _CLUSTER_WIDE
    ),
    "selfsubjectaccessreviews": Kind(
        "authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", _CLUSTER_WIDE
    ),
    "podmetrics": Kind("metrics.k8s.io/v1beta1", "PodMetrics", "pods"),
    "nodemetrics": Kind("metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", _CLUSTER_WIDE),
    "*": Kind("*/*", "", "*", _CLUSTER_WIDE),  # every kind of every group, as a rule of RBAC writes it
}


def kind_of(word: str) -> Kind:
    """The kind behind a lower-case plural such as "pods"; "<group>/<version>/<plural>" names one that is not listed."""
    known = _KINDS.get(word)
    if known:
        return known
    api, _, plural = word.rpartition("/")
    if not api:
        raise ValueError(f'unknown kind "{word}"; write "<group>/<version>/<plural>" for a kind that is not listed')
    return Kind(api, "", plural)


def kind_of_object(body: Json) -> Kind:
    """The kind of an object with `apiVersion` and `kind`; one that is not listed has the plural + s."""
    api, name = str(body["apiVersion"]), str(body["kind"])
    for known in _KINDS.values():
        if known.api == api and known.name == name:
            return known
    namespaced = bool(body.get("metadata", {}).get("namespace"))
    return Kind(api, name, name.lower() + "s", namespaced)
