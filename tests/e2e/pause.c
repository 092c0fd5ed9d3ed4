/* The first process of every pod: holds its namespaces open until it is told to end. */
#include <signal.h>
#include <sys/wait.h>

int main(void) {
    sigset_t wanted;
    int got;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGCHLD);
    sigprocmask(SIG_BLOCK, &wanted, 0);
    for (;;) {
        sigwait(&wanted, &got);
        if (got != SIGCHLD)
            return 0;
        while (waitpid(-1, 0, WNOHANG) > 0) {
        }
    }
}
