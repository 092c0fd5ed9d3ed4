{{/* The operator's arguments. */}}
{{- define "koppel.arguments" -}}
{{- $values := .Values -}}
- operator
- --executor={{ $values.executor }}
{{- with $values.watchNamespaces }}
- --watch-namespaces={{ join "," . }}
{{- end }}
- --concurrency={{ int $values.concurrency }}
{{- if eq $values.executor "inline" }}
- --inline-runs={{ int $values.inlineRuns }}
{{- else }}
- --worker-defaults=/etc/koppel/worker.yaml
{{- end }}
{{- if include "koppel.onVolume" . }}
- --state=/var/lib/koppel
{{- end }}
- --leader-elect={{ $values.leaderElection.enabled }}
{{- if $values.leaderElection.enabled }}
- --lease-name={{ include "koppel.fullname" . }}
- --lease-namespace=$(POD_NAMESPACE)
- --lease-duration={{ $values.leaderElection.leaseDuration }}
- --renew-deadline={{ $values.leaderElection.renewDeadline }}
- --retry-period={{ $values.leaderElection.retryPeriod }}
{{- end }}
- --health-address=0.0.0.0:8081
- --metrics-address=0.0.0.0:8080
{{- range $values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* The operator's environment. With executor inline it is also the worker's. */}}
{{- define "koppel.environment" -}}
{{- $inline := eq .Values.executor "inline" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: KOPPEL_LOG
  value: {{ .Values.log.level | quote }}
- name: KOPPEL_LOG_FORMAT
  value: {{ .Values.log.format }}
{{- if and $inline .Values.state.postgres.secretName }}
- name: KOPPEL_STATE_URL
  valueFrom:
    secretKeyRef: {name: {{ .Values.state.postgres.secretName }}, key: {{ .Values.state.postgres.key }}}
{{- end }}
{{- if $inline }}
{{- include "koppel.proxyEnvironment" .Values.worker.proxy }}
{{- if .Values.worker.caBundle.configMap }}
- name: SSL_CERT_FILE
  value: /etc/koppel/ca/{{ .Values.worker.caBundle.key }}
{{- end }}
{{- with .Values.worker.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "koppel.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if eq .Values.executor "workload" }}
- {name: worker-defaults, mountPath: /etc/koppel, readOnly: true}
{{- else if .Values.worker.caBundle.configMap }}
- {name: ca-bundle, mountPath: /etc/koppel/ca, readOnly: true}
{{- end }}
{{- if include "koppel.onVolume" . }}
- {name: state, mountPath: /var/lib/koppel}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "koppel.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- if eq .Values.executor "workload" }}
- name: worker-defaults
  configMap: {name: {{ include "koppel.fullname" . }}-worker}
{{- else if .Values.worker.caBundle.configMap }}
- name: ca-bundle
  configMap: {name: {{ .Values.worker.caBundle.configMap }}}
{{- end }}
{{- if include "koppel.onVolume" . }}
- name: state
  persistentVolumeClaim: {claimName: {{ include "koppel.stateClaim" . }}}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Over nodes where possible, unless the values say otherwise. */}}
{{- define "koppel.topologySpread" -}}
{{- if .Values.topologySpreadConstraints -}}
{{- toYaml .Values.topologySpreadConstraints -}}
{{- else if gt (int .Values.replicaCount) 1 -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "koppel.selectorLabels" . | nindent 6 }}
{{- end -}}
{{- end }}
