{{/* What values.schema.json cannot say: values that contradict each other. Each message names them and the remedy. */}}
{{- define "koppel.validate" -}}
{{- $values := .Values -}}
{{- if and (include "koppel.onVolume" .) (gt (int $values.replicaCount) 1) -}}
{{- fail (printf "executor inline keeps its state on one volume, which one pod at a time can use, but replicaCount is %d: set replicaCount to 1, or name a Secret with the URL of a PostgreSQL database in state.postgres.secretName" (int $values.replicaCount)) -}}
{{- end -}}
{{- if and (not $values.leaderElection.enabled) (gt (int $values.replicaCount) 1) -}}
{{- fail (printf "replicaCount is %d, and without leader election all of them would work at the same time: set leaderElection.enabled to true, or replicaCount to 1" (int $values.replicaCount)) -}}
{{- end -}}
{{- if and (eq $values.executor "workload") $values.state.postgres.secretName -}}
{{- fail (printf "state.postgres.secretName is %q but has no effect with executor workload, where workers keep the state: use worker.postgres.secretName, which names a Secret in the namespace of each connection" $values.state.postgres.secretName) -}}
{{- end -}}
{{- if and (eq $values.executor "workload") $values.state.persistence.existingClaim -}}
{{- fail (printf "state.persistence.existingClaim is %q but has no effect with executor workload, where each connection has a volume of its own: remove it, or set executor to inline" $values.state.persistence.existingClaim) -}}
{{- end -}}
{{- if and (eq $values.executor "inline") $values.worker.postgres.secretName -}}
{{- fail (printf "worker.postgres.secretName is %q but has no effect with executor inline, which makes no workers: use state.postgres.secretName" $values.worker.postgres.secretName) -}}
{{- end -}}
{{- if and $values.podDisruptionBudget.minAvailable $values.podDisruptionBudget.maxUnavailable -}}
{{- fail "podDisruptionBudget has both minAvailable and maxUnavailable, and Kubernetes takes one: remove one of them" -}}
{{- end -}}
{{- if and $values.metrics.serviceMonitor.enabled (not $values.metrics.service.enabled) -}}
{{- fail "metrics.serviceMonitor needs a Service to watch: set metrics.service.enabled to true, or metrics.serviceMonitor.enabled to false" -}}
{{- end -}}
{{- if and $values.metrics.prometheusRule.enabled (not $values.metrics.service.enabled) -}}
{{- fail "metrics.prometheusRule alerts on series that are scraped by the Service: set metrics.service.enabled to true, or metrics.prometheusRule.enabled to false" -}}
{{- end -}}
{{- end }}
