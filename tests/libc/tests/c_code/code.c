/* What the scenarios of main.rs call: C code as a library has it. Built by `cc`, with and without probes of the stack. */
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

/* The stack below the caller, as far as it is measured. */
#define AREA (512 * 1024)
#define MARK 0xa5

__attribute__((noinline)) static void paint(void) {
    unsigned char area[AREA];
    memset(area, MARK, AREA);
    __asm__ volatile("" : : "r"(area) : "memory");
}

/* The bytes from the highest address of the area to the lowest that was written to. */
__attribute__((noinline)) static size_t painted_over(void) {
    unsigned char area[AREA];
    unsigned char *at = area;
    __asm__ volatile("" : "+r"(at) : : "memory");
    size_t free = 0;
    while (free < AREA && at[free] == MARK) free++;
    return AREA - free;
}

static int by_number(const void *one, const void *other) {
    return *(const int *)one - *(const int *)other;
}

static void nothing(void) {}

static void numbers_as_text(void) {
    char text[64];
    snprintf(text, sizeof text, "%d %s %p", 42, "text", (void *)text);
}

static void floats_as_text(void) {
    char text[512];
    snprintf(text, sizeof text, "%.17g %f", 0.1, 1e300);
}

static void long_doubles_as_text(void) {
    static char text[8192];
    snprintf(text, sizeof text, "%.40Lf %La", 1e4000L, 0.1L);
}

static void streams(void) {
    FILE *file = fopen("/dev/null", "w");
    if (!file) abort();
    fprintf(file, "%f %ls\n", 0.5, L"wide");
    fclose(file);
}

static void floats_of_text(void) {
    if (strtod("0.1e-300", NULL) == 0) abort();
}

static void sort(size_t count, size_t size) {
    char *all = calloc(count, size);
    for (size_t each = 0; each < count; each++) *(int *)(all + each * size) = (int)(each * 7919 % count);
    qsort(all, count, size, by_number);
    free(all);
}

static void sort_a_few(void) { sort(100, sizeof(int)); }
static void sort_many(void) { sort(100000, sizeof(int)); }
static void sort_large(void) { sort(7, 256); }

static void match(void) {
    regex_t expression;
    if (regcomp(&expression, "^(a|ab)*(c|bcd)*(d*)\\1$", REG_EXTENDED)) abort();
    regmatch_t found[4];
    regexec(&expression, "ababababcdbcdddab", 4, found, 0);
    regfree(&expression);
}

static void local_times(void) {
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    time_t now = 1700000000;
    struct tm parts;
    char text[100];
    strftime(text, sizeof text, "%c %Z", localtime_r(&now, &parts));
    if (mktime(&parts) != now) abort();
}

static void users(void) {
    if (!getpwnam("root") || !getgrnam("root")) abort();
}

static void locales(void) {
    if (!setlocale(LC_ALL, "C.UTF-8")) abort();
}

static void conversions(void) {
    iconv_t converter = iconv_open("UTF-16//TRANSLIT", "ISO-8859-15");
    if (converter == (iconv_t)-1) abort();
    char from[] = "abc", to[64], *in = from, *out = to;
    size_t in_left = 3, out_left = sizeof to;
    if (iconv(converter, &in, &in_left, &out, &out_left) == (size_t)-1) abort();
    iconv_close(converter);
}

static void libraries(void) {
    void *library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library) dlclose(library);
}

static void numeric_names(void) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found;
    if (getaddrinfo("127.0.0.1", "80", &hints, &found)) abort();
    freeaddrinfo(found);
}

/* libc's own: greenpatch has a helper call it. */
static void names(void) {
    int (*own)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    if (libc) own = dlsym(libc, "getaddrinfo");
    struct addrinfo *found;
    if (!own("localhost", "http", NULL, &found)) freeaddrinfo(found);
}

static void patterns(void) {
    glob_t found;
    if (!glob("/etc/*.conf", 0, NULL, &found)) globfree(&found);
}

static void words(void) {
    wordexp_t found;
    if (!wordexp("~/a $HOME/b", &found, WRDE_NOCMD)) wordfree(&found);
}

static void commands(void) {
    if (system("true")) abort();
}

static void paths(void) {
    free(realpath("/proc/self/exe", NULL));
}

static const struct {
    const char *name;
    void (*call)(void);
} CALLS[] = {
    {"nothing", nothing},
    {"snprintf of integers", numbers_as_text},
    {"snprintf of doubles", floats_as_text},
    {"snprintf of long doubles", long_doubles_as_text},
    {"fopen, fprintf, fclose", streams},
    {"strtod", floats_of_text},
    {"qsort, 100 integers", sort_a_few},
    {"qsort, 100,000 integers", sort_many},
    {"qsort, large elements", sort_large},
    {"regcomp, regexec", match},
    {"localtime_r, strftime, mktime", local_times},
    {"getpwnam, getgrnam", users},
    {"setlocale", locales},
    {"iconv", conversions},
    {"dlopen", libraries},
    {"getaddrinfo of a number", numeric_names},
    {"getaddrinfo, libc's own", names},
    {"glob", patterns},
    {"wordexp", words},
    {"system", commands},
    {"realpath", paths},
};

/* The name of a call, or null after the last one. */
const char *call_name(size_t number) {
    return number < sizeof CALLS / sizeof *CALLS ? CALLS[number].name : NULL;
}

/* Makes a call, and returns how much stack it took. */
size_t stack_of_call(size_t number) {
    paint();
    CALLS[number].call();
    return painted_over();
}

/* A recursion, each step with a frame of about so many bytes, in which only the last byte is written to. */
__attribute__((noinline)) size_t recurse(size_t frame) {
    volatile char *area = alloca(frame);
    area[0] = (char)frame;
    __asm__ volatile("" : : "r"(area) : "memory");
    return recurse(frame) + (size_t)area[0];
}

/* One frame of so many bytes. */
__attribute__((noinline)) size_t one_frame(size_t frame) {
    volatile char *area = alloca(frame);
    area[0] = (char)frame;
    __asm__ volatile("" : : "r"(area) : "memory");
    return (size_t)area[0];
}

/* What waits, called by its name alone. */
ssize_t c_read(int fd, void *buffer, size_t length) { return read(fd, buffer, length); }
int c_poll(int fd) {
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return poll(&wanted, 1, -1);
}
int c_usleep(unsigned microseconds) { return usleep(microseconds); }

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t semaphore;

void c_lock(void) {
    if (pthread_mutex_lock(&mutex)) abort();
}
void c_unlock(void) {
    if (pthread_mutex_unlock(&mutex)) abort();
}
int c_wait(void) { return sem_wait(&semaphore); }
int c_post(void) { return sem_post(&semaphore); }

/* A child, and how it ended. */
static int end_of(pid_t child) {
    int status;
    if (waitpid(child, &status, 0) != child) abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
int c_spawn(void) {
    pid_t child;
    char *arguments[] = {"sh", "-c", "read line; exit 7", NULL};
    int ends[2];
    if (pipe(ends)) abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    if (posix_spawnp(&child, "sh", &actions, NULL, arguments, environ)) abort();
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    usleep(20000);
    close(ends[1]);
    return end_of(child);
}
int c_vfork(void) {
    pid_t child = vfork();
    if (child < 0) abort();
    if (child == 0) {
        execlp("sh", "sh", "-c", "sleep 0.02; exit 7", (char *)NULL);
        _exit(1);
    }
    return end_of(child);
}
