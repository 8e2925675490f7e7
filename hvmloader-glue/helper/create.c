/* Bundling hvmloader when that is needed, and handing the rest to xl.
 * Not here: judging the host (host.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "create.h"

#include <ctype.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED     2
#define NOT_NEEDED 3
#define LINE_SIZE  4096

extern char **environ;

/* Does the line assign to this name? Then *value is behind the sign. */
static bool assigns(const char *line, const char *name, const char **value)
{
    while (isspace((unsigned char)*line))
        line++;
    if (strncmp(line, name, strlen(name)) != 0)
        return false;
    line += strlen(name);
    while (isspace((unsigned char)*line))
        line++;
    if (*line != '=')
        return false;
    *value = line + 1;
    return true;
}

static bool is_zero(const char *value)
{
    while (isspace((unsigned char)*value) || *value == '"' || *value == '\'')
        value++;
    return *value == '0';
}

int create_read_configuration(const char *path, struct create_configuration *configuration)
{
    FILE *file = fopen(path, "re");
    char line[LINE_SIZE];
    const char *value;

    *configuration = (struct create_configuration){.has_hap = true};
    if (file == NULL)
        return -errno;
    while (fgets(line, sizeof line, file) != NULL) {
        if (assigns(line, "firmware_override", &value))
            configuration->overrides_firmware = true;
        else if (assigns(line, "hap", &value))
            configuration->has_hap = !is_zero(value);
    }
    if (ferror(file)) {
        fclose(file);
        return -EIO;
    }
    fclose(file);
    return 0;
}

bool create_find_hvmloader(const struct host *host, char path[PATH_MAX])
{
    static const char *const folders[] = {"/usr/lib/xen", "/usr/libexec/xen", "/usr/local/lib/xen"};

    snprintf(path, PATH_MAX, "/usr/lib/xen-%d.%d/boot/hvmloader", host->major, host->minor);
    if (access(path, R_OK) == 0)
        return true;
    for (size_t n = 0; n < sizeof folders / sizeof folders[0]; n++) {
        snprintf(path, PATH_MAX, "%s/boot/hvmloader", folders[n]);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* As execvp would; false: it is nowhere. */
static bool find_program(const char *name, char path[PATH_MAX])
{
    const char *list = getenv("PATH");

    if (strchr(name, '/') != NULL) {
        snprintf(path, PATH_MAX, "%s", name);
        return access(path, X_OK) == 0;
    }
    while (list != NULL && *list != '\0') {
        const size_t length = strcspn(list, ":");

        snprintf(path, PATH_MAX, "%.*s/%s", (int)length, list, name);
        if (length > 0 && access(path, X_OK) == 0)
            return true;
        list += length + (list[length] == ':');
    }
    return false;
}

bool create_is_current(const char *bundled, const char *hvmloader, const char *bundler)
{
    char program[PATH_MAX];
    struct stat out, in, tool;

    /* When it was installed counts; a package's files keep the time when they were made. */
    return stat(bundled, &out) == 0 && stat(hvmloader, &in) == 0 &&
           find_program(bundler, program) && stat(program, &tool) == 0 &&
           !is_later(&in.st_ctim, &out.st_mtim) && !is_later(&tool.st_ctim, &out.st_mtim);
}

/* The program's exit status; -1, with a message: it did not run, or did not end by itself. */
static int run(const char *const words[])
{
    pid_t process;
    /* Declared without const only for the sake of old programs. */
    int status, error = posix_spawnp(&process, words[0], NULL, NULL, (char *const *)words, environ);

    if (error != 0) {
        fprintf(stderr, "hvmassist: %s: %s\n", words[0], strerror(error));
        return -1;
    }
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "hvmassist: %s: ended by signal %d\n", words[0], WTERMSIG(status));
    return -1;
}

static bool bundle(const struct create *create, const char *hvmloader, const char *bundled)
{
    const char *const words[] = {create->bundler, hvmloader, bundled, NULL};

    if (create->only_say) {
        printf("%s %s %s\n", words[0], words[1], words[2]);
        return true;
    }
    if (mkdir(create->folder, 0755) != 0 && errno != EEXIST) {
        fprintf(stderr, "hvmassist: %s: %s\n", create->folder, strerror(errno));
        return false;
    }
    return run(words) == 0;
}

static int start(const struct create *create, const char *bundled)
{
    char setting[PATH_MAX + 32];
    size_t count = 0;
    const char **words;
    int status;

    snprintf(setting, sizeof setting, "firmware_override=\"%s\"", bundled);
    while (create->arguments[count] != NULL)
        count++;
    words = calloc(count + 5, sizeof *words);
    if (words == NULL)
        return FAILED;
    words[0] = create->xl;
    words[1] = "create";
    words[2] = create->configuration;
    words[3] = setting;
    memcpy(words + 4, create->arguments, count * sizeof *words);
    if (create->only_say) {
        for (size_t n = 0; words[n] != NULL; n++)
            printf("%s%s", words[n], words[n + 1] == NULL ? "\n" : " ");
        status = 0;
    } else {
        status = run(words);
    }
    free(words);
    return status < 0 ? FAILED : status;
}

/* True: go on. */
static bool judge(const struct create *create, const struct host *host, bool guest_has_hap,
                  int *status)
{
    char reason[160];
    const enum host_verdict verdict = host_judge(host, guest_has_hap, reason, sizeof reason);

    *status = verdict == HOST_NOT_NEEDED ? NOT_NEEDED : FAILED;
    fprintf(stderr, "hvmassist: %s\n", reason);
    if (verdict == HOST_IMPOSSIBLE)
        return false;
    if (verdict != HOST_NOT_NEEDED || create->force)
        return true;
    fprintf(stderr, "hvmassist: so this guest needs no hvmassist; --force starts it with one\n");
    return false;
}

int create_run(const struct create *create, const struct host *host)
{
    char hvmloader[PATH_MAX], bundled[PATH_MAX];
    struct create_configuration configuration;
    int status, error = create_read_configuration(create->configuration, &configuration);

    if (error != 0) {
        fprintf(stderr, "hvmassist: %s: %s\n", create->configuration, strerror(-error));
        return FAILED;
    }
    if (configuration.overrides_firmware) {
        fprintf(stderr, "hvmassist: %s: sets firmware_override itself; `xl create` will do\n",
                create->configuration);
        return FAILED;
    }
    if (!judge(create, host, configuration.has_hap, &status))
        return status;
    if (create->hvmloader != NULL)
        snprintf(hvmloader, sizeof hvmloader, "%s", create->hvmloader);
    else if (!create_find_hvmloader(host, hvmloader)) {
        fprintf(stderr,
                "hvmassist: no hvmloader of Xen %d.%d in the usual places; --hvmloader FILE\n",
                host->major, host->minor);
        return FAILED;
    }
    snprintf(bundled, sizeof bundled, "%s/hvmloader-%d.%d", create->folder, host->major,
             host->minor);
    if (!create_is_current(bundled, hvmloader, create->bundler) &&
        !bundle(create, hvmloader, bundled))
        return FAILED;
    if (!host->helper_runs)
        fprintf(stderr, "hvmassist: hvmassistd is not running: the guest will wait for it a while, "
                        "then use the native transport\n");
    return start(create, bundled);
}
