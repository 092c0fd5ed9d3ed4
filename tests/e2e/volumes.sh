# Volumes that stand ready, as an administrator without a storage provisioner makes them; sourced by run.sh.

# make_volumes COUNT: local volumes of the node, and a default class for them.
make_volumes() {
    local number folder
    {
        cat <<'YAML'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
YAML
        for number in $(seq "$1"); do
            folder=$E2E_FOLDER/volumes/$number
            mkdir -p "$folder"
            cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: local-$number}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: {path: $folder}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [n1]}]}]
YAML
        done
    } | kubectl apply -f - >/dev/null
}
