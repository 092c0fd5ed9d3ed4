# What a user does, and what must come of it; sourced by run.sh.

tenant=wolkwerk
vendors=koppel-sandbox
system=koppel-system
admin=/api/v1/namespaces/$vendors/services/sandbox:admin/proxy/admin

fail() {
    printf 'e2e: %s: %s\n' "$current" "$*" >&2
    return 1
}

# In the tenant's namespace.
tenant() { kubectl --namespace "$tenant" "$@"; }

# field PATH: a field of the connection.
field() { tenant get syncconn wolkwerk -o jsonpath="{$1}"; }

# condition TYPE FIELD
condition() { field ".status.conditions[?(@.type==\"$1\")].$2"; }

# is WANTED COMMAND...: what the command prints.
is() {
    local wanted=$1 found
    shift
    found=$("$@") || return 1
    [[ $found == "$wanted" ]]
}

# must_be WANTED COMMAND...
must_be() {
    is "$@" || fail "${*:2} is $("${@:2}"), not $1"
}

# What is booked, in the simulated Exact Online's own books: count and sum of each currency.
books() { kubectl get --raw "$admin/summary?from=2026-07-01" | sed 's/.*"exactOnline"://; s/}$//'; }

# Objects of a kind in the tenant's namespace, as many as there are.
count() { tenant get "$1" -o name | wc -l; }

install() {
    helm upgrade --install koppel charts/koppel --namespace "$system" --create-namespace --wait --timeout 2m "$@" >"$logs/helm.log" 2>&1 || {
        cat "$logs/helm.log" >&2
        return 1
    }
}

# Runs once more, as docs say, and waits until that run has reported.
run_now() {
    local value before
    value=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
    before=$(field .status.lastRun.id)
    tenant annotate --overwrite syncconn wolkwerk "koppel.dev/requestedAt=$value" >/dev/null
    wait_for 90 "the request $value is answered" is "$value" field .status.lastHandledReconcileAt
    wait_for 120 "a run after the request has reported" has_run_since "$before"
    wait_for 60 "no pod is left at work" is 0 active_pods
}

has_run_since() { [[ -n $(field .status.lastRun.finishedAt) && $(field .status.lastRun.id) != "$1" ]]; }

active_pods() { tenant get pods --field-selector=status.phase!=Succeeded,status.phase!=Failed -o name | wc -l; }

# A POST to the simulated vendors' admin interface: what a person does in their screens.
in_vendors_screens() {
    local address
    address=$(kubectl --namespace "$vendors" get service sandbox -o 'jsonpath={.spec.clusterIP}')
    curl --noproxy '*' --silent --show-error --fail --max-time 10 --header 'Content-Type: application/json' \
        --data "$2" "http://$address:8403/admin/$1" >/dev/null
}

vendors_are_there() {
    kubectl apply -f tests/e2e/vendors.yaml >/dev/null
    kubectl --namespace "$vendors" rollout status deployment/sandbox --timeout=90s >/dev/null
    make_volumes 2
}

chart_is_installed() {
    install
    must_be 1 kubectl --namespace "$system" get deployment koppel -o 'jsonpath={.status.readyReplicas}'
}

# Nothing of it is changed but the two addresses.
apply_quickstart() { tenant apply -k examples/overlays/sandbox >/dev/null; }

quickstart_runs() {
    kubectl create namespace "$tenant" >/dev/null
    kubectl label namespace "$tenant" pod-security.kubernetes.io/enforce=restricted >/dev/null
    apply_quickstart
    # The creation starts a run at once; the schedule would be due in a quarter of an hour.
    wait_for 180 "the first run has reported" has_run_since ""
    wait_for 60 "its pod has ended" is 0 active_pods
    must_be Completed field .status.lastRun.outcome
    must_be 1 count cronjobs
    [[ $(tenant get pods -o 'jsonpath={.items[*].status.phase}') == Succeeded ]] || fail "the pod has not succeeded"
    [[ $(field .status.lastRun.booked) -gt 20 ]] || fail "booked: $(field .status.lastRun.booked)"
    [[ $(books) == *'"EUR":{"count":'* ]] || fail "the books say $(books)"
}

held_is_told() {
    [[ $(field .status.held.total) -gt 0 ]] || fail "nothing is held"
    [[ -n $(field '.status.held.oldest[0].reason') && -n $(field '.status.held.oldest[0].remedy') ]] || fail "no reason, no remedy"
    must_be MissingFinancialPeriod condition FinancialPeriodsAvailable reason
    must_be False condition Ready status
    [[ $(condition FinancialPeriodsAvailable message) == *2027* ]] || fail "the year is not named"
    tenant get events.events.k8s.io -o 'jsonpath={.items[*].reason}' | grep -q . || fail "no event"
}

# The remedy: a person opens the financial year, and the next one, which subscriptions reach into.
year_is_opened() {
    local before
    before=$(field .status.held.total)
    in_vendors_screens exact/years '{"division": 100001, "year": 2027}'
    in_vendors_screens exact/years '{"division": 100001, "year": 2028}'
    run_now
    must_be True condition FinancialPeriodsAvailable status
    must_be True condition Ready status
    must_be "$(field .metadata.generation)" field .status.observedGeneration
    [[ $(field .status.held.total) -gt 0 && $(field .status.held.total) -lt $before ]] ||
        fail "held: $before before, $(field .status.held.total) after"
}

nothing_is_booked_twice() {
    local before
    before=$(books)
    run_now
    must_be "$before" books
    must_be 0 field .status.lastRun.booked
}

# Tokens of the worker's pod are a worker's: what it must not do is refused by the server.
worker_has_few_rights() {
    local who=system:serviceaccount:$tenant:koppel-wolkwerk
    # kubectl fails where the answer is no.
    can() { tenant auth can-i "$@" --as "$who" 2>/dev/null || true; }
    must_be yes can patch syncconnections.koppel.dev/wolkwerk --subresource=status
    must_be no can patch syncconnections.koppel.dev/other --subresource=status
    must_be no can list secrets
    must_be no can create jobs.batch
    must_be no can create pods
}

# The cluster's own clock starts runs, not only the operator.
schedule_starts_runs() {
    patch '{"spec": {"interval": "1m"}}'
    wait_for 150 "a Job of the CronJob is complete" scheduled_job_is_complete
    patch '{"spec": {"interval": "15m"}}'
    wait_for 60 "the generation is observed" is "$(field .metadata.generation)" field .status.observedGeneration
    wait_for 120 "no pod is left at work" is 0 active_pods
}

scheduled_job_is_complete() {
    tenant get jobs -o 'jsonpath={range .items[*]}{.metadata.ownerReferences[0].kind} {.status.succeeded}{"\n"}{end}' | grep -qx 'CronJob 1'
}

patch() { tenant patch syncconn wolkwerk --type=merge --patch "$1" >/dev/null; }

# To another tag and another number of pods, as a release does it.
chart_is_upgraded() {
    local before
    before=$(books)
    ctr --namespace k8s.io images tag "$product" "$product-next" >"$logs/tag.log" 2>&1
    install --set "image.tag=${product##*:}-next" --set replicaCount=2
    must_be 2 kubectl --namespace "$system" get deployment koppel -o 'jsonpath={.status.readyReplicas}'
    wait_for 60 "workers have the new image" is "$product-next" worker_image
    wait_for 120 "no pod is left at work" is 0 active_pods
    run_now
    must_be True condition Ready status
    must_be "$before" books
}

worker_image() { tenant get cronjob koppel-wolkwerk -o 'jsonpath={.spec.jobTemplate.spec.template.spec.containers[0].image}'; }

uninstall() {
    helm uninstall koppel --namespace "$system" --wait --timeout 3m >"$logs/helm.log" 2>&1 || {
        cat "$logs/helm.log" >&2
        return 1
    }
    must_be 0 active_pods
    must_be "" kubectl --namespace "$system" get deployments,jobs -o name
}

chart_is_uninstalled() {
    uninstall
    must_be true tenant get cronjob koppel-wolkwerk -o 'jsonpath={.spec.suspend}'
    # What is kept.
    must_be 3 kept_definitions
    must_be wolkwerk field .metadata.name
    must_be Bound tenant get pvc koppel-wolkwerk-state -o 'jsonpath={.status.phase}'
    must_be koppel-wolkwerk-token tenant get secret koppel-wolkwerk-token -o 'jsonpath={.metadata.name}'
}

kept_definitions() { kubectl get crd -o name | grep -c koppel.dev; }

chart_is_installed_again() {
    local before
    before=$(books)
    install
    wait_for 60 "the schedule goes on" is false tenant get cronjob koppel-wolkwerk -o 'jsonpath={.spec.suspend}'
    wait_for 120 "no pod is left at work" is 0 active_pods
    run_now
    must_be True condition Ready status
    must_be "$before" books
    [[ $(field .status.held.total) -gt 0 ]] || fail "what is held is forgotten"
}

# A pod that stays, stopped by the same hook.
continuous_works_and_stops() {
    local before
    before=$(books)
    patch '{"spec": {"workload": {"type": "Continuous"}}}'
    wait_for 90 "the Deployment has its pod" is 1 tenant get deployment koppel-wolkwerk -o 'jsonpath={.status.readyReplicas}'
    wait_for 90 "a run of this generation has reported" is "$(field .metadata.generation)" field .status.lastRun.generation
    must_be 0 count cronjobs
    wait_for 30 "Ready is True" is True condition Ready status
    uninstall
    must_be 0 tenant get deployment koppel-wolkwerk -o 'jsonpath={.spec.replicas}'
    install
    wait_for 90 "the pod is back" is 1 tenant get deployment koppel-wolkwerk -o 'jsonpath={.status.readyReplicas}'
    must_be "$before" books
}

# Gone is what works; what it knows stays, and a connection of that name and target takes it up.
connection_comes_again() {
    local before
    before=$(books)
    tenant delete syncconn wolkwerk --timeout=30s >/dev/null
    wait_for 30 "its workload is gone" is 0 count cronjobs,deployments
    wait_for 60 "its pods are gone" is 0 active_pods
    must_be Bound tenant get pvc koppel-wolkwerk-state -o 'jsonpath={.status.phase}'
    apply_quickstart
    wait_for 180 "the first run of the new connection has reported" has_run_since ""
    must_be Completed field .status.lastRun.outcome
    must_be True condition CredentialsValid status
    must_be "$before" books
}

everything_is_shown() {
    wait_for 60 "no pod is left at work" is 0 active_pods
    tenant get syncconn
    tenant get syncconn wolkwerk -o 'jsonpath={range .status.held.oldest[*]}{.document}: {.reason}: {.message}; {.remedy}{"\n"}{end}'
    tenant get pods
    tenant logs --selector app.kubernetes.io/name=koppel --tail=-1 --prefix >"$logs/workers.log"
    tenant get events --sort-by=.lastTimestamp >"$logs/events.log"
    must_be True condition Ready status
}

steps() {
    step "the vendors are there, and volumes" vendors_are_there
    step "helm install, with the chart's defaults" chart_is_installed
    step "the quickstart is applied, and a pod runs it at once" quickstart_runs
    step "what is held says why, and what to do" held_is_told
    step "a person opens the year, and Ready is True" year_is_opened
    step "another run books nothing twice" nothing_is_booked_twice
    step "the schedule starts pods too" schedule_starts_runs
    step "a worker may do its own work alone" worker_has_few_rights
    step "helm upgrade" chart_is_upgraded
    step "helm uninstall stops the work and keeps what is known" chart_is_uninstalled
    step "helm install again resumes" chart_is_installed_again
    step "a Continuous connection keeps a pod, which an uninstall stops" continuous_works_and_stops
    step "a connection that is deleted and applied again is adopted" connection_comes_again
    step "kubectl get syncconn" everything_is_shown
}

# For the log of a run that failed.
tell_what_stands() {
    local name
    {
        printf '\ne2e: failed at: %s\n' "$current"
        kubectl get koppel,cronjobs,jobs,pods,pvc,deployments --all-namespaces -o wide
        tenant get syncconn wolkwerk -o yaml
        kubectl get events --all-namespaces --sort-by=.lastTimestamp | tail -n 40
        kubectl --namespace "$system" logs --selector app.kubernetes.io/name=koppel --tail=25 --prefix
        tenant logs --selector app.kubernetes.io/name=koppel --tail=25 --prefix
        kubectl --namespace "$vendors" logs deployment/sandbox --tail=10
        for name in "${!pids[@]}"; do
            printf -- '--- %s\n' "$name"
            tail -n 5 "$logs/$name.log"
        done
    } >&2 2>&1
}
