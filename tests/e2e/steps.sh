steps() {
    kubectl create cronjob proof --image="ghcr.io/koppel-dev/koppel:0.1.0" --schedule='* * * * *' -- /usr/local/bin/koppel --version
    sleep 3
    kubectl create job now --from=cronjob/proof
    kubectl wait --for=condition=Complete --timeout=60s job/now
    kubectl logs job/now
    kubectl get pods -A -o wide
}
tell_what_stands() { kubectl get pods,jobs,events -A || true; for i in $logs/*.log; do echo "--- $i"; tail -n 30 $i; done; }
