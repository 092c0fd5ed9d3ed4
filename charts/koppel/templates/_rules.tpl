{{/*
Rights of the operator, the same for the ClusterRole and for the Role in each watched namespace. They contain every right
that the operator grants to a worker, so that it needs neither escalate nor bind. docs/security.md says what each is for.
*/}}
{{- define "koppel.operatorRules" -}}
- apiGroups: [koppel.dev]
  resources: [syncconnections]
  verbs: [get, list, watch, patch]
- apiGroups: [koppel.dev]
  resources: [entitymappings, revenuerules]
  verbs: [get, list, watch]
- apiGroups: [koppel.dev]
  resources: [syncconnections/status, entitymappings/status, revenuerules/status]
  verbs: [get, patch]
- apiGroups: [koppel.dev]
  resources: [syncconnections/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, patch]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, list, watch, create, update, patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Rights of the uninstall hook: to stop, and to see that it has stopped. */}}
{{- define "koppel.quiesceRules" -}}
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
{{- end }}

{{/*
A role and its binding: a dict of context, name, component, rules (text), serviceAccount, and namespaces; without
namespaces a ClusterRole. Annotations are added to both.
*/}}
{{- define "koppel.boundRole" -}}
{{- $arguments := . -}}
{{- $metadata := dict "context" .context "name" .name "component" .component "annotations" .annotations -}}
{{- range $namespace := default (list "") .namespaces }}
{{- $kind := ternary "Role" "ClusterRole" (ne $namespace "") }}
{{- $_ := set $metadata "namespace" $namespace }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  {{- include "koppel.metadata" $metadata | nindent 2 }}
rules:
  {{- $arguments.rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  {{- include "koppel.metadata" $metadata | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $arguments.name | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ $arguments.serviceAccount }}
    namespace: {{ $arguments.context.Release.Namespace }}
{{- end }}
{{- end }}
