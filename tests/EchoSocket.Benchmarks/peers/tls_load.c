/* The load on servers with TLS: CONNECTIONS clients, each with OUTSTANDING messages of SIZE bytes at once, or with 0 for a full
   handshake, one message and a new connection each. Every reply is checked; certificates are not, and no session is resumed.
   tls_load PORT CONNECTIONS SIZE OUTSTANDING SECONDS prints the messages a second, as the upper quartile of windows of 50 ms,
   and the messages altogether. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, EVENTS = 512, WARM_UP = 200 * 1000 * 1000, WINDOW = 50 * 1000 * 1000, MOST = 10000 };

struct client { int fd; SSL *tls; bool open; uint32_t events; size_t received, owed; };

static uint8_t message[PIECE], expected[PIECE], reply[PIECE];
static struct sockaddr_in server = { .sin_family = AF_INET };
static SSL_CTX *context;
static size_t size, outstanding;
static uint64_t messages;
static int poller;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void watch(int operation, struct client *c, uint32_t events)
{
    if (c->events == events)
        return;

    struct epoll_event e = { .events = c->events = events, .data.ptr = c };
    epoll_ctl(poller, operation, c->fd, &e);
}

static void begin(struct client *c)
{
    int one = 1;
    *c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM, 0), .tls = SSL_new(context), .owed = outstanding ? outstanding * size : size };
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0)
        fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    SSL_set_fd(c->tls, c->fd);
    SSL_set_connect_state(c->tls);
    watch(EPOLL_CTL_ADD, c, EPOLLIN | EPOLLOUT);
}

static void again(struct client *c)
{
    SSL_shutdown(c->tls);
    SSL_free(c->tls);
    close(c->fd);
    begin(c);
}

/* Returns true if OpenSSL waits for room in the send buffer, and false if it waits for the server. */
static bool wants_room(struct client *c, int result)
{
    int reason = SSL_get_error(c->tls, result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
        fail("TLS");
    return reason == SSL_ERROR_WANT_WRITE;
}

static void receive(struct client *c)
{
    do {
        int n = SSL_read(c->tls, reply, PIECE);
        if (n <= 0) {
            wants_room(c, n);
            return;
        }

        if (memcmp(reply, expected, (size_t)n) != 0)
            fail("wrong reply");
        size_t whole = (c->received + (size_t)n) / size - c->received / size;
        c->received += (size_t)n;
        c->owed += outstanding ? whole * size : 0;
        messages += whole;
    } while (SSL_has_pending(c->tls));
}

static void step(struct client *c)
{
    int n = c->open ? 1 : SSL_do_handshake(c->tls);
    if (n != 1) {
        watch(EPOLL_CTL_MOD, c, wants_room(c, n) ? EPOLLIN | EPOLLOUT : EPOLLIN);
        return;
    }

    if (c->open)
        receive(c);
    c->open = true;
    if (!outstanding && c->received == size) {
        again(c);
        return;
    }

    while (c->owed > 0 && (n = SSL_write(c->tls, message, (int)(c->owed < PIECE ? c->owed : PIECE))) > 0)
        c->owed -= (size_t)n;
    watch(EPOLL_CTL_MOD, c, c->owed > 0 && wants_room(c, n) ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 64;

    signal(SIGPIPE, SIG_IGN);
    server.sin_port = htons((uint16_t)atoi(argv[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size_t connections = strtoul(argv[2], NULL, 10);
    size = strtoul(argv[3], NULL, 10);
    outstanding = strtoul(argv[4], NULL, 10);
    memset(message, 'a', PIECE);
    memset(expected, 'A', PIECE);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    poller = epoll_create1(0);
    struct client *clients = calloc(connections, sizeof *clients);
    for (size_t i = 0; i < connections; i++)
        begin(&clients[i]);

    static double rates[MOST];
    size_t windows = 0;
    uint64_t first = now() + WARM_UP, last = first + (uint64_t)(atof(argv[5]) * 1e9), begun = 0, before = 0, t;
    while ((t = now()) < last && windows < MOST) {
        if (t >= first && begun == 0) {
            begun = t;
            before = messages;
        } else if (begun > 0 && t - begun >= WINDOW) {
            rates[windows++] = (double)(messages - before) * 1e9 / (double)(t - begun);
            begun = t;
            before = messages;
        }

        struct epoll_event events[EVENTS];
        int n = epoll_wait(poller, events, EVENTS, 1000);
        for (int i = 0; i < n; i++)
            step(events[i].data.ptr);
    }

    if (windows == 0) {
        fputs("The load or the server had no processor time.\n", stderr);
        return 1;
    }

    qsort(rates, windows, sizeof *rates, ascending);
    printf("%.0f %llu\n", rates[windows * 3 / 4], (unsigned long long)messages);
    return 0;
}
