/* Keep a process alive for each line of the input, and end them all when the input ends.
 *
 * A line is a process's name and its arguments, apart by tabs; an empty one is the last. Each process executes this file
 * once more, so that its command line is a real one, and then writes one byte. SIGTERM reaches it and has no effect.
 * With SWAPCTL_BENCHMARK_SWAPPED in the environment, each has a page in swap.
 * None is left behind: they die with this process, and it ends with its input, however that comes to its end.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "SWAPCTL_BENCHMARK_NAME"
#define SWAPPED "SWAPCTL_BENCHMARK_SWAPPED"
#define PAGE 4096
#define END SIGUSR1 /* goes to the group: a process's number may be somebody else's by then */
#define MOST_WORDS 64

static void nothing(int number)
{
    (void)number;
}

static void swap_out(void)
{
    char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        _exit(1);
    sprintf(page, "%d", getpid()); /* no two alike, and not empty */
    madvise(page, PAGE, MADV_PAGEOUT);
}

static int live(const char *name)
{
    if (getenv(SWAPPED))
        swap_out();
    prctl(PR_SET_NAME, name);
    signal(SIGTERM, nothing);
    if (write(STDOUT_FILENO, "", 1) != 1)
        return 1;
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    for (;;)
        pause();
}

static void become(char *line, pid_t parent)
{
    char *argv[MOST_WORDS + 1] = {0};
    char *name = strtok(line, "\t\n");

    for (int word = 0; word < MOST_WORDS && (argv[word] = strtok(NULL, "\t\n")); word++)
        ;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(END, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    if (getppid() == parent && !setenv(NAME, name, 1))
        execv("/proc/self/exe", argv);
    _exit(1);
}

int main(void)
{
    const char *name = getenv(NAME);
    pid_t me = getpid();
    char *line = NULL;
    size_t room = 0;

    if (name)
        return live(name);
    if (setpgid(0, 0))
        return 1;
    signal(END, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* none stays as a zombie */
    while (getline(&line, &room, stdin) > 1) {
        pid_t child = fork();

        if (!child)
            become(line, me);
        if (child < 0)
            break;
    }
    close(STDOUT_FILENO);
    while (getline(&line, &room, stdin) > 0)
        ;
    kill(0, END);
    while (wait(NULL) > 0)
        ;
    return 0;
}
