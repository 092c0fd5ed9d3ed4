{{/* What every worker is made with, as the operator reads it (`--worker-defaults`). What is empty is left out. */}}
{{- define "koppel.workerDefaults" -}}
{{- $worker := .Values.worker -}}
{{- $defaults := dict
  "image" (include "koppel.workerImage" .)
  "imagePullPolicy" (default .Values.image.pullPolicy $worker.image.pullPolicy)
  "networkPolicy" (dict "enabled" $worker.networkPolicy.enabled
    "apiServerPorts" (default .Values.networkPolicy.apiServerPorts $worker.networkPolicy.apiServerPorts)
    "postgresPorts" (default .Values.networkPolicy.postgresPorts $worker.networkPolicy.postgresPorts))
  "jobs" $worker.jobs
  "log" (dict "level" (default .Values.log.level $worker.log.level) "format" (default .Values.log.format $worker.log.format)) -}}
{{- $_ := set $defaults "imagePullSecrets" (default .Values.imagePullSecrets $worker.imagePullSecrets) -}}
{{- range $key := list "labels" "annotations" "serviceAccountAnnotations" "nodeSelector" "tolerations" "affinity"
    "priorityClassName" "resources" "extraEnv" -}}
{{- $_ := set $defaults $key (get $worker $key) -}}
{{- end -}}
{{- range $key := list "proxy" "storage" -}}
{{- $given := dict -}}
{{- range $name, $value := get $worker $key -}}
{{- if $value }}{{ $_ := set $given $name $value }}{{ end -}}
{{- end -}}
{{- $_ := set $defaults $key $given -}}
{{- end -}}
{{- if $worker.caBundle.configMap }}{{ $_ := set $defaults "caBundle" $worker.caBundle }}{{ end -}}
{{- if $worker.postgres.secretName }}{{ $_ := set $defaults "postgres" $worker.postgres }}{{ end -}}
{{- range $key, $value := $defaults -}}
{{- if not $value }}{{ $_ := unset $defaults $key }}{{ end -}}
{{- end -}}
{{- toYaml $defaults -}}
{{- end }}
