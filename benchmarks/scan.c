/* Read the name and the command line of every process, as plainly as it can be done, and return how many there are. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char data[4096];

static int read_whole(const char *pid, const char *file)
{
    char path[300];
    int descriptor;
    ssize_t length;

    snprintf(path, sizeof path, "/proc/%s/%s", pid, file);
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return 0;
    do
        length = read(descriptor, data, sizeof data);
    while (length == sizeof data);
    close(descriptor);
    return length >= 0;
}

int scan(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    int count = 0;

    if (!proc)
        return -1;
    while ((entry = readdir(proc)))
        if (isdigit((unsigned char)entry->d_name[0]))
            count += read_whole(entry->d_name, "comm") && read_whole(entry->d_name, "cmdline");
    closedir(proc);
    return count;
}
