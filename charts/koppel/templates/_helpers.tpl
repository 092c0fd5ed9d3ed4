{{/* The chart's name, as label app.kubernetes.io/name. */}}
{{- define "koppel.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* Name of the chart's objects; at most 45 characters, which leaves room for endings. */}}
{{- define "koppel.fullname" -}}
{{- $name := include "koppel.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What the operator's pods are selected by. Never changes, since selectors cannot. Workers carry other values. */}}
{{- define "koppel.selectorLabels" -}}
app.kubernetes.io/name: {{ include "koppel.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{/* Labels of every object; the argument is a dict of context, component and labels to add. */}}
{{- define "koppel.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/name" (include "koppel.name" .context)
  "app.kubernetes.io/instance" .context.Release.Name
  "app.kubernetes.io/version" (.context.Chart.AppVersion | replace "+" "_" | trunc 63)
  "app.kubernetes.io/component" .component
  "app.kubernetes.io/part-of" "koppel"
  "app.kubernetes.io/managed-by" .context.Release.Service -}}
{{- merge $own (default dict .labels) .context.Values.commonLabels | toYaml -}}
{{- end }}

{{/* Metadata of every object: a dict of context, name and component, and where it has them namespace, labels, annotations. */}}
{{- define "koppel.metadata" -}}
name: {{ .name | quote }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "koppel.labels" . | nindent 2 }}
{{- with merge (dict) (default dict .annotations) .context.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "koppel.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "koppel.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* An image from a dict of registry, repository, tag and digest: the digest outweighs the tag. */}}
{{- define "koppel.imageReference" -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end -}}
{{- end }}

{{- define "koppel.image" -}}
{{- $image := .Values.image -}}
{{- include "koppel.imageReference" (dict "registry" $image.registry "repository" $image.repository
  "tag" (default .Chart.AppVersion $image.tag) "digest" $image.digest) -}}
{{- end }}

{{/* The operator's image, but for what worker.image says. Another image or tag leaves the operator's digest behind. */}}
{{- define "koppel.workerImage" -}}
{{- $operator := .Values.image -}}
{{- $worker := .Values.worker.image -}}
{{- $elsewhere := or $worker.registry $worker.repository -}}
{{- $tag := default .Chart.AppVersion $worker.tag -}}
{{- $digest := $worker.digest -}}
{{- if not (or $elsewhere $worker.tag) -}}
{{- $tag = default .Chart.AppVersion $operator.tag -}}
{{- $digest = default $operator.digest $worker.digest -}}
{{- end -}}
{{- include "koppel.imageReference" (dict "registry" (default $operator.registry $worker.registry)
  "repository" (default $operator.repository $worker.repository) "tag" $tag "digest" $digest) -}}
{{- end }}

{{/* "true" where the operator runs the engine itself on a volume: one pod at most can have it. */}}
{{- define "koppel.onVolume" -}}
{{- if and (eq .Values.executor "inline") (not .Values.state.postgres.secretName) }}true{{ end -}}
{{- end }}

{{- define "koppel.stateClaim" -}}
{{- default (printf "%s-state" (include "koppel.fullname" .)) .Values.state.persistence.existingClaim -}}
{{- end }}

{{/* HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as far as they are given. */}}
{{- define "koppel.proxyEnvironment" -}}
{{- range $variable, $value := dict "HTTP_PROXY" .http "HTTPS_PROXY" .https "NO_PROXY" .none }}
{{- if $value }}
- name: {{ $variable }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
